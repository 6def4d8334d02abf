//! The course through a paged list: which page to ask for, which of its items are wanted, when the list has ended. No IO.
//!
//! The window that is wanted need not lie on the target's pages. Targets cap pages lower than asked, ignore sizes, miscount
//! and repeat themselves; the course finds that out from what comes back, and fails rather than end early without saying so.

use super::paging::{Honoured, Page, Span, Way};
use super::supply::Turn;
use std::collections::HashSet;
use std::ops::Range;

/// No list is walked further than this.
const PAGES_MOST: usize = 10_000;

const REPEATS: &str = "its pages repeat; a product that ignores the paging parameters has no `page` in its mapping";
const FEWER: &str = "its list ends before its own total";
const ENDLESS: &str = "its list does not end within 10,000 pages";
const STUCK: &str = "it announces more after an empty page";

/// The place reached in a list.
#[derive(Debug)]
pub(super) struct Course {
    way: Way,
    want: Span,
    /// The place in the list where the next page begins.
    position: usize,
    /// The number of the next page, from 0.
    index: usize,
    /// How many items are asked for.
    size: usize,
    /// The present page was reached by calculation, not by walking.
    jumped: bool,
    /// Page 0 is read to learn the true page size; then the wanted page is asked for.
    learning: bool,
    may_jump: bool,
    honoured: Option<Honoured>,
    total: Option<usize>,
    miscounts: bool,
    largest: usize,
    pages: usize,
    prints: HashSet<u64>,
    /// A print of the first page, where it was longer than asked for.
    everything: Option<u64>,
    ended: bool,
}

impl Course {
    /// A course to the wanted part; `honoured` is what earlier walks over the same list showed.
    pub(super) fn new(way: Way, want: Span, honoured: Option<Honoured>) -> Course {
        let want = if want.is_count() { Span { skip: 0, ..want } } else { want };
        let mut course = Course {
            way,
            want,
            position: 0,
            index: 0,
            size: 0,
            jumped: false,
            learning: false,
            may_jump: !want.is_count(),
            honoured,
            total: None,
            miscounts: false,
            largest: 0,
            pages: 0,
            prints: HashSet::new(),
            everything: None,
            ended: false,
        };
        course.start();
        course
    }

    /// What to ask for next; `None` at the end.
    pub(super) fn turn(&mut self) -> Option<Turn> {
        if self.ended {
            return None;
        }
        if let Way::Skipped { max } = self.way {
            self.size = self.want.end().map_or(max, |end| max.min(end.saturating_sub(self.position)).max(1));
        }
        let limit = Some(self.size);
        Some(match self.way {
            Way::Once => Turn::default(),
            Way::Skipped { .. } => Turn { offset: Some(self.position), limit, ..Turn::default() },
            Way::Numbered { first, .. } => {
                Turn { page: Some(first.saturating_add(self.index)), limit, ..Turn::default() }
            }
            Way::Followed { max } => Turn { limit: limit.filter(|_| max.is_some()), ..Turn::default() },
        })
    }

    /// Takes a page in: which of its items are wanted.
    pub(super) fn take(&mut self, page: Page) -> Result<Range<usize>, &'static str> {
        self.pages += 1;
        if self.pages > PAGES_MOST {
            return Err(ENDLESS);
        }
        if page.items > 0 && !self.prints.insert(page.first) {
            return if self.is_everything_again(&page) { Ok(self.end()) } else { Err(REPEATS) };
        }
        if self.position == 0 && page.items > self.size {
            self.everything = Some(page.whole);
        }
        if self.jumped && self.is_elsewhere(&page) {
            self.restart();
            return Ok(0..0);
        }
        let stop = self.position.saturating_add(page.items);
        self.count(&page, stop);
        let wanted = self.wanted(stop);
        let goes_on = self.goes_on(&page, stop)?;
        self.learn(&page, goes_on);
        self.advance(stop, goes_on);
        Ok(wanted)
    }

    /// Is this the first page once more, which was longer than asked for? Then the target knows no pages and gave the whole list.
    fn is_everything_again(&self, page: &Page) -> bool {
        let counts = self.total.is_none_or(|total| total == self.position);
        self.index == 1 && page.items == self.position && self.everything == Some(page.whole) && counts
    }

    /// The list was at its end before this page.
    fn end(&mut self) -> Range<usize> {
        self.ended = true;
        self.total = Some(self.position);
        0..0
    }

    /// The number of all items, as far as it is known and believed.
    pub(super) fn total(&self) -> Option<usize> {
        self.total
    }

    /// A page size that the target was seen to keep.
    pub(super) fn honoured(&self) -> Option<Honoured> {
        self.honoured
    }

    /// Does each page name where the next one is?
    pub(super) fn follows(&self) -> bool {
        matches!(self.way, Way::Followed { .. })
    }

    /// Is the page that is asked for next the first of the list?
    pub(super) fn is_at_start(&self) -> bool {
        self.position == 0 && self.index == 0 && self.pages == 0
    }

    fn start(&mut self) {
        let skip = self.want.skip;
        match self.way {
            Way::Once => {}
            Way::Followed { max } => {
                let wanted = self.want.end().unwrap_or(usize::MAX).max(1);
                self.size = max.unwrap_or(usize::MAX).min(wanted);
            }
            Way::Skipped { .. } if self.may_jump => {
                self.position = skip;
                self.jumped = skip > 0;
            }
            Way::Skipped { .. } => {}
            Way::Numbered { max, .. } => self.start_numbered(max),
        }
    }

    /// The page holds the window alone, or it begins at the first page, or it begins where a known page size says.
    fn start_numbered(&mut self, max: usize) {
        let Span { skip, take } = self.want;
        let own = take.filter(|take| (1..=max).contains(take) && skip.is_multiple_of(*take));
        let reach = self.want.end().filter(|end| *end <= max);
        match (self.honoured.filter(|_| self.may_jump), own, reach) {
            (Some(kept), Some(own), _) if kept.size == own => self.jump(own),
            (_, _, Some(reach)) => self.size = reach.max(1),
            (Some(kept), ..) if kept.own || kept.size >= take.unwrap_or(max).min(max) => self.jump(kept.size),
            _ => {
                self.size = own.unwrap_or(max);
                self.learning = self.may_jump && skip >= self.size;
            }
        }
    }

    fn jump(&mut self, size: usize) {
        self.size = size;
        self.index = self.want.skip / size;
        self.position = self.index * size;
        self.jumped = self.index > 0;
    }

    /// Does a page that was reached by calculation not hold what it should?
    fn is_elsewhere(&self, page: &Page) -> bool {
        let left = page.total.map(|total| total.saturating_sub(self.position));
        let numbered = matches!(self.way, Way::Numbered { .. });
        page.items > self.size
            || left.is_some_and(|left| page.items > left || (numbered && page.items < left.min(self.size)))
    }

    /// From the beginning, page by page.
    fn restart(&mut self) {
        (self.position, self.index, self.total, self.honoured) = (0, 0, None, None);
        (self.jumped, self.may_jump, self.learning) = (false, false, false);
        if let Way::Numbered { max, .. } = self.way {
            self.size = max;
        }
        self.prints.clear();
        self.everything = None;
    }

    fn count(&mut self, page: &Page, stop: usize) {
        let total = page.total.or(self.total);
        // A total below what was already given counts something else, perhaps the page.
        self.miscounts |= page.items > 0 && total.is_some_and(|total| total < stop);
        self.total = total.filter(|_| !self.miscounts);
    }

    fn wanted(&self, stop: usize) -> Range<usize> {
        let end = self.want.end().unwrap_or(usize::MAX);
        let from = self.want.skip.clamp(self.position, stop) - self.position;
        let to = end.clamp(self.position, stop) - self.position;
        from..to.max(from)
    }

    fn goes_on(&self, page: &Page, stop: usize) -> Result<bool, &'static str> {
        let filled = page.items > 0 && self.want.end().is_some_and(|end| stop >= end);
        if filled && self.way != Way::Once {
            return Ok(true);
        }
        let promised = self.total.is_some_and(|total| total > stop);
        match (self.way, page.more) {
            (Way::Once, _) | (_, Some(false)) | (Way::Followed { .. }, None) if promised => Err(FEWER),
            (Way::Once, _) | (_, Some(false)) | (Way::Followed { .. }, None) => Ok(false),
            (Way::Followed { .. }, Some(true)) => Ok(true),
            (Way::Skipped { .. }, Some(true)) if page.items == 0 => Err(STUCK),
            (_, Some(true)) => Ok(true),
            (_, None) if self.total.is_some() => match (promised, page.items) {
                (true, 0) => Err(FEWER),
                (promised, _) => Ok(promised),
            },
            // Nothing tells a list's end from a page capped lower than asked, but a page that was larger before.
            (_, None) => Ok(page.items > 0 && (page.items >= self.size || page.items >= self.largest)),
        }
    }

    /// The first page of a list that goes on shows how large pages really are.
    fn learn(&mut self, page: &Page, goes_on: bool) {
        self.largest = self.largest.max(page.items);
        let numbered = matches!(self.way, Way::Numbered { .. });
        if !numbered || !goes_on || self.index > 0 || page.items == 0 || self.want.is_count() {
            return;
        }
        let own = page.items != self.size;
        let certain = match self.total {
            Some(total) => total > page.items,
            None => !own || page.more == Some(true),
        };
        if certain && (own || self.honoured.is_none_or(|kept| page.items > kept.size)) {
            self.honoured = Some(Honoured { size: page.items, own });
        }
    }

    fn advance(&mut self, stop: usize, goes_on: bool) {
        let came_from = self.position;
        self.position = stop;
        self.index += 1;
        if !goes_on {
            self.ended = true;
            // An empty page far out shows that the list ends before it, not where.
            if stop > came_from || !self.jumped {
                self.total = Some(stop);
            }
            return;
        }
        self.ended = self.want.end().is_some_and(|end| stop >= end);
        self.jumped = false;
        if std::mem::take(&mut self.learning)
            && let Some(kept) = self.honoured.filter(|kept| self.want.skip >= 2 * kept.size)
        {
            self.jump(kept.size);
        }
    }
}
