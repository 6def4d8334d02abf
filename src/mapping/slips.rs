//! What was meant by a text that is not YAML: the usual slips, each with its own way out.

use crate::mapping::codes::{self, Code};
use crate::mapping::diagnostic::{Diagnostics, Report};
use std::ops::Range;

/// A slip that was recognised. Without words of its own it is told in those of the YAML parser.
struct Slip {
    code: &'static Code,
    place: Range<usize>,
    message: Option<String>,
    hint: String,
}

impl Slip {
    fn at(place: Range<usize>, hint: impl Into<String>) -> Slip {
        Slip { code: &codes::SYNTAX, place, message: None, hint: hint.into() }
    }

    fn saying(self, message: impl Into<String>) -> Slip {
        Slip { message: Some(message.into()), ..self }
    }

    fn with_code(self, code: &'static Code) -> Slip {
        Slip { code, ..self }
    }
}

/// Says what stopped the YAML parser at this byte, in its words or better ones.
pub(super) fn tell(report: &Report, at: usize, words: &str) {
    let text = report.text();
    let at = (0..=at.min(text.len())).rev().find(|one| text.is_char_boundary(*one)).unwrap_or(0);
    let spot = Spot { text, at, words };
    let slip = spot.letters().or_else(|| spot.texts()).or_else(|| spot.lines());
    let said = format!("this is not YAML: {words}");
    match slip {
        Some(slip) => report.hint(slip.code, &slip.place, (slip.message.unwrap_or(said), slip.hint)),
        None => report.say(&codes::SYNTAX, &(at..at), said),
    }
}

/// What is said of a file that is not UTF-8 from this byte on.
pub fn no_text(file: &str, bytes: &[u8], from: usize) -> Diagnostics {
    let report = Report::new(file, &String::from_utf8_lossy(bytes));
    let wide = bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]);
    let kind = if wide { "this is UTF-16, and a mapping file is UTF-8" } else { "this character is not UTF-8" };
    report.hint(&codes::SYNTAX, &(from..from), (kind, "save the file as UTF-8"));
    Diagnostics(report.finish())
}

/// Where the parser stopped, and what it said.
struct Spot<'a> {
    text: &'a str,
    at: usize,
    words: &'a str,
}

impl Spot<'_> {
    /// Letters that stand for something else.
    fn letters(&self) -> Option<Slip> {
        let blank = self.odd_blank().or_else(|| self.tab());
        blank.or_else(|| self.unprintable()).or_else(|| self.sigil()).or_else(|| self.quotes())
    }

    /// Texts that wanted quotes.
    fn texts(&self) -> Option<Slip> {
        self.braced_name().or_else(|| self.brackets()).or_else(|| self.cut())
    }

    /// Lines and pairs that stand wrong.
    fn lines(&self) -> Option<Slip> {
        let glued = self.open_bracket().or_else(|| self.no_blank());
        glued.or_else(|| self.two_colons()).or_else(|| self.list_after_key()).or_else(|| self.column())
    }

    /// Blanks that are none to YAML.
    fn odd_blank(&self) -> Option<Slip> {
        let from = self.line_start(self.line_start(self.at).saturating_sub(1));
        let (place, letter) =
            self.text[from..self.line_end(self.at)].char_indices().find(|(_, letter)| is_odd_blank(*letter))?;
        let place = from + place..from + place + letter.len_utf8();
        Some(Slip::at(place, "write an ordinary blank").saying("a blank of another kind stands here"))
    }

    /// A tab in the indentation of this line or the next.
    fn tab(&self) -> Option<Slip> {
        let from = self.line_start(self.at);
        let lines = self.text[from..].split_inclusive('\n').scan(from, |start, line| {
            *start += line.len();
            Some((*start - line.len(), line))
        });
        let found = |(start, line): (usize, &str)| {
            let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
            Some(start + line[..indent].find('\t')?)
        };
        let tab = self.words.contains("tab").then(|| lines.take(2).find_map(found)).flatten()?;
        Some(Slip::at(tab..tab + 1, "indent with blanks").saying("YAML takes no tabs where lines are indented"))
    }

    fn unprintable(&self) -> Option<Slip> {
        let from = self.line_start(self.at);
        let line = &self.text[from..self.line_end(self.at)];
        let (place, letter) =
            line.char_indices().find(|(_, letter)| letter.is_control() && !matches!(letter, '\t' | '\r'))?;
        let hint = format!("remove it; inside of \"…\" it is written \\u{:04x}", u32::from(letter));
        let place = from + place..from + place + letter.len_utf8();
        Some(Slip::at(place, hint).saying("a character that cannot be printed stands here"))
    }

    /// Letters that an unquoted text cannot begin with.
    fn sigil(&self) -> Option<Slip> {
        let letter = self.text[self.at..].chars().next().filter(|letter| "@%`|>*?".contains(*letter))?;
        let word = self.word();
        let quoted = format!("quote it: \"{}\"", &self.text[word.clone()]);
        Some(match letter {
            '*' => Slip::at(word, format!("{quoted}; if another line was meant, repeat here what it says"))
                .saying("`*` begins an alias, and aliases are not used in mapping files")
                .with_code(&codes::NOT_PLAIN_YAML),
            _ => Slip::at(word, quoted).saying(format!("an unquoted text cannot begin with `{letter}`")),
        })
    }

    fn quotes(&self) -> Option<Slip> {
        let hint = if self.words.contains("unclosed quote") {
            "the quote that opens here is never closed"
        } else if self.words.contains("escape") {
            "in double quotes `\\` begins an escape: write `\\\\`, or put the text into single quotes"
        } else if self.words.contains("trailing content") {
            "the text ends at the quote before this: quote all of it; inside of '…' write '' for a quote, inside of \"…\" write \\\""
        } else {
            return None;
        };
        Some(Slip::at(self.at..self.at, hint))
    }

    /// `/users/{key}` inside of braces.
    fn braced_name(&self) -> Option<Slip> {
        let (from, to) = (self.line_start(self.at), self.line_end(self.at));
        let line = &self.text[from..to];
        let (open, name) = line.match_indices('{').find_map(|(open, _)| {
            let name = &line[open + 1..open + 1 + line[open + 1..].find('}')?];
            let joined = line[..open].ends_with(|before: char| !before.is_whitespace() && !"{[,:".contains(before));
            (joined && is_name(name)).then_some((open, name))
        })?;
        let message = format!("`{{{name}}}` is a map with the key `{name}`");
        let place = from + open..from + open + name.len() + 2;
        Some(Slip::at(place, format!("did you mean `<{name}>`?")).saying(message).with_code(&codes::BRACED_NAME))
    }

    /// A path or a call with brackets in it, unquoted inside of braces: on the line of the error, or before.
    fn brackets(&self) -> Option<Slip> {
        let here = self.line_start(self.at);
        let before = self.line_start(here.saturating_sub(1));
        let place = unquoted_path(self.text, (here, self.line_end(self.at)))
            .or_else(|| unquoted_path(self.text, (before, here.saturating_sub(1).max(before))))?;
        let slip = Slip::at(place, "quote this, or write it as a block");
        Some(
            slip.saying("inside `{ }` the characters `[ ] { } ,` end an unquoted text")
                .with_code(&codes::UNQUOTED_IN_BRACES),
        )
    }

    /// ` #` in the middle of braces.
    fn cut(&self) -> Option<Slip> {
        let open = self.open()?;
        let line = &self.text[open..self.line_end(open)];
        let hash = comment(line).filter(|hash| open + hash < self.line_start(self.at))?;
        let start = line[..hash].rfind(": ").map_or(open, |colon| open + colon + 2);
        let message = "` #` begins a comment and cuts this text off, and the bracket that closes it";
        let slip = Slip::at(start..open + line.trim_end().len(), "quote the whole text").saying(message);
        Some(slip.with_code(&codes::CUT_BY_COMMENT))
    }

    fn open_bracket(&self) -> Option<Slip> {
        let open = self.open().filter(|open| self.line_end(*open) <= self.at)?;
        let sign = &self.text[open..=open];
        let line = self.text[..self.at].matches('\n').count() + 1;
        let hint = format!("close it with `{}`", if sign == "{" { "}" } else { "]" });
        Some(
            Slip::at(open..open + 1, hint)
                .saying(format!("the `{sign}` that opens here is not closed before line {line}")),
        )
    }

    /// `-x`, `key:x`, `"key":x`.
    fn no_blank(&self) -> Option<Slip> {
        let from = self.line_start(self.at);
        let line = &self.text[from..self.line_end(self.at)];
        let content = line.trim_start_matches(' ');
        let start = from + line.len() - content.len();
        if content.starts_with('-') && !content.starts_with("- ") && !content.starts_with("--") {
            return Some(Slip::at(start..start + 1, "put a blank after `-`"));
        }
        let key =
            content.len() - content.trim_start_matches(|letter: char| is_name_letter(letter) || letter == '"').len();
        let glued = key > 0 && content[key..].starts_with(':') && !content[key + 1..].starts_with([' ', '\t']);
        let wanted = glued && content.len() > key + 1;
        wanted.then(|| Slip::at(start..start + key + 1, "put a blank after the colon"))
    }

    /// `a: b: c`.
    fn two_colons(&self) -> Option<Slip> {
        let from = self.line_start(self.at);
        if !self.text[self.at..].starts_with(':') {
            return None;
        }
        let before = &self.text[from..self.at];
        if self.open().is_some() {
            let hint = "quote the text if `: ` belongs to it; if not, a comma is missing before this pair";
            return Some(Slip::at(self.at..self.at + 1, hint).saying("a second `: ` in one pair"));
        }
        let Some(first) = before.find(": ") else {
            let hint =
                "indent this line like the one above; or, if the one above should hold a map, let it end at its colon";
            return Some(
                Slip::at(self.at..self.at + 1, hint)
                    .saying("the line above holds a text, and nothing can stand below it"),
            );
        };
        let place = from + first + 2..self.line_end(self.at);
        let hint = format!("quote it: \"{}\"", self.text[place.clone()].trim());
        Some(Slip::at(place, hint).saying("an unquoted text cannot hold `: ` or end with `:`"))
    }

    fn list_after_key(&self) -> Option<Slip> {
        let is = self.words.contains("block sequence entries are not allowed");
        let hint =
            "a list begins on the line below its key, or is written `[a, b]`; quote a text that begins with `- `";
        is.then(|| Slip::at(self.at..self.at, hint))
    }

    /// A line that begins where no line above it does.
    fn column(&self) -> Option<Slip> {
        let column = |line: &str| line.len() - line.trim_start_matches(' ').len();
        let from = self.line_start(self.at);
        let own = column(&self.text[from..]);
        let above =
            self.text[..from].lines().rev().find(|line| !line.trim().is_empty() && !line.trim().starts_with('#'))?;
        let wrong = self.words.contains("block mapping") && own == self.at - from && own != column(above);
        let hint =
            format!("the lines of one map begin in one column; the line above begins in column {}", column(above) + 1);
        wrong.then(|| {
            Slip::at(self.at..self.at, hint)
                .saying(format!("this line begins in column {}, as none above does", own + 1))
        })
    }

    /// The innermost bracket that is open before this place.
    fn open(&self) -> Option<usize> {
        let (mut open, mut offset) = (Vec::new(), 0);
        for line in self.text[..self.at].split_inclusive('\n') {
            let code = &line[..comment(line).unwrap_or(line.len())];
            let mut quote = None;
            for (place, letter) in code.char_indices() {
                let begins = code[..place].ends_with([' ', '{', '[', ',']);
                match (quote, letter) {
                    (Some(closing), _) if letter == closing => quote = None,
                    (Some(_), _) => {}
                    (None, '"' | '\'') if begins => quote = Some(letter),
                    (None, '{' | '[') if begins || !open.is_empty() => open.push(offset + place),
                    (None, '}' | ']') => drop(open.pop()),
                    _ => {}
                }
            }
            offset += line.len();
        }
        open.pop()
    }

    /// The text that begins here.
    fn word(&self) -> Range<usize> {
        let rest = &self.text[self.at..self.line_end(self.at)];
        let end = rest.find([',', '}', ']']).unwrap_or(rest.len());
        self.at..self.at + rest[..end].trim_end().len()
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |found| found + 1)
    }

    fn line_end(&self, at: usize) -> usize {
        self.text[at..].find(['\n', '\r']).map_or(self.text.len(), |found| at + found)
    }
}

/// Where a comment begins in a line, outside of quotes.
fn comment(line: &str) -> Option<usize> {
    let mut quote = None;
    line.char_indices().find_map(|(place, letter)| {
        let begins = place == 0 || line[..place].ends_with([' ', '\t', '{', '[', ',']);
        match (quote, letter) {
            (Some(closing), _) if letter == closing => quote = None,
            (None, '"' | '\'') if begins => quote = Some(letter),
            (None, '#') if begins => return Some(place),
            _ => {}
        }
        None
    })
}

/// The text of a line that begins like a path or a call and has brackets inside of braces.
fn unquoted_path(text: &str, (from, to): (usize, usize)) -> Option<Range<usize>> {
    let line = text.get(from..to)?;
    let start = line.match_indices(": ").map(|(found, _)| found + 2).find(|start| {
        let rest = line[*start..].split(", ").next().unwrap_or_default();
        let is_path = rest.starts_with(['$', '.', '/']) || rest.split(' ').next().is_some_and(is_method);
        let word = rest.split([' ', '\n']).next().unwrap_or_default();
        is_path && line[..*start].contains('{') && (word.contains(['[', '{']) || rest.contains("[?"))
    })?;
    let rest = &line[start..];
    Some(from + start..from + start + rest.find(' ').unwrap_or(rest.len()))
}

fn is_method(word: &str) -> bool {
    ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&word)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_name_letter)
}

fn is_name_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "._$-".contains(letter)
}

/// A blank that YAML takes for a letter.
pub(super) fn is_odd_blank(letter: char) -> bool {
    letter.is_whitespace() && !matches!(letter, ' ' | '\t' | '\n' | '\r')
        || letter == '\u{200b}'
        || letter == '\u{feff}'
}

#[cfg(test)]
mod tests {
    use crate::mapping::compile;

    /// The first message and its hint, for a file that is not YAML.
    fn told(text: &str) -> (String, String) {
        let found = compile("t.yaml", text, None).unwrap_err();
        let first = found.0.into_iter().next().unwrap();
        (format!("{} {}:{}", first.code.id, first.line(), first.column()), first.hint.unwrap_or_default())
    }

    #[test]
    fn every_slip_has_a_place_and_a_way_out() {
        let mut wrong = Vec::new();
        for (text, place, way_out) in [
            ("a: @x", "M001 1:4", "quote it: \"@x\""),
            ("a: { b: %x, c: d }", "M001 1:9", "quote it: \"%x\""),
            ("a: `x`", "M001 1:4", "quote it"),
            ("a: { b: |x }", "M001 1:9", "quote it: \"|x\""),
            ("a: { b: *x }", "M003 1:9", "quote it: \"*x\""),
            ("a:\n\tb: c", "M001 2:1", "indent with blanks"),
            ("a:\u{a0}b\n c: d", "M001 1:3", "an ordinary blank"),
            ("a: \"b\u{7}\"", "M001 1:6", "\\u0007"),
            ("a: \"b", "M001 1:4", "never closed"),
            ("a: \"\\d\"", "M001 1:4", "write `\\\\`"),
            ("a: 'it's'", "M001 1:8", "write ''"),
            ("a: { call: POST /u/{key} }", "M006 1:20", "`<key>`"),
            ("a: { b: $.x, c: $.y[?@.z == 1].v }", "M005 1:17", "quote this"),
            ("a: { b: $.x }\nc: { d: $.y[?@.z == 1].v }", "M005 2:9", "quote this"),
            ("a: { b: $.x #1, c: d }\ne: f", "M007 1:9", "quote the whole text"),
            ("a: { b: c\nd: e", "M001 1:4", "close it with `}`"),
            ("a: [b, c\nd: e", "M001 1:4", "close it with `]`"),
            ("a:\n  -{ b: c, d: e }", "M001 2:3", "a blank after `-`"),
            ("a: b\nc:$.d\n", "M001 2:1", "a blank after the colon"),
            ("\"a\":{ b: c }\nd: e", "M001 1:1", "a blank after the colon"),
            ("a: { b: c d: e }", "M001 1:12", "a comma is missing"),
            ("a: b: c", "M001 1:4", "quote it: \"b: c\""),
            ("a: b:", "M001 1:4", "quote it: \"b:\""),
            ("a: b\n  c: d", "M001 2:4", "end at its colon"),
            ("a: - b", "M001 1:4", "the line below its key"),
            ("a: ? b", "M001 1:4", "quote it"),
            ("a:\n    b: c\n  d: e", "M001 3:3", "the line above begins in column 5"),
        ] {
            let (found, hint) = told(text);
            if found != place || !hint.contains(way_out) {
                wrong.push(format!("{text:?}: {found} {hint}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn what_is_not_utf_8_is_told_with_its_line() {
        let found = super::no_text("t.yaml", b"a: b\nc: f\xfcr", 9);
        assert_eq!((found.0[0].line(), found.0[0].column()), (2, 5));
        let wide = super::no_text("t.yaml", &[0xFF, 0xFE, b'a', 0], 0);
        assert!(wide.0[0].message.contains("UTF-16"), "{wide}");
    }
}
