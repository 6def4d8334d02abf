//! Things that happened during a request and that an administrator may want to know of.

use super::RequestId;

const NAMES: usize = 20;
const NAME_LENGTH: usize = 100;

/// What happened. Names of attributes only, never their values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// An account that existed before was taken over by a create.
    Adopted,
    /// Attributes of a request were left out: unknown, or not offered by this target.
    AttributesIgnored(&'a [String]),
    /// A manager was named whom the target does not know; the reference is kept and not written to the target.
    ManagerUnknown,
}

impl Event<'_> {
    /// The event's name in the log.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Adopted => "adopted",
            Self::AttributesIgnored(_) => "attributes_ignored",
            Self::ManagerUnknown => "manager_unknown",
        }
    }

    fn names(&self) -> Option<String> {
        match self {
            Self::AttributesIgnored(names) => Some(list(names)),
            Self::Adopted | Self::ManagerUnknown => None,
        }
    }
}

/// Writes an event, as a tracing event of target `transom::event` and level INFO. `resource_type` is `User` or `Group`.
pub fn event(event: Event, request_id: &RequestId, target: &str, resource_type: &str) {
    let names = event.names();
    tracing::info!(
        target: "transom::event",
        request_id = request_id.as_str(),
        kind = event.kind(),
        target = target,
        resource_type = resource_type,
        names = names.as_deref(),
        "event"
    );
}

/// Names come from clients: their number and length are cut, and no character of theirs can start a new line.
fn list(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(NAMES).map(|name| clean(name)).collect();
    let more = names.len().saturating_sub(NAMES);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

fn clean(name: &str) -> String {
    name.chars().take(NAME_LENGTH).map(|c| if c.is_control() || c == ',' { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_clients_are_cut_and_cleaned() {
        let names = ["title", "x\nlevel=ERROR", &"y".repeat(300)].map(str::to_owned);
        assert_eq!(list(&names), format!("title, x?level=ERROR, {}", "y".repeat(100)));
        let many: Vec<String> = (0..25).map(|number| number.to_string()).collect();
        assert!(list(&many).ends_with("19 and 5 more"));
    }
}
