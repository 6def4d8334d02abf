//! Where log lines go and what they look like.

use std::io::IsTerminal;

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// What a log line looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One line of text, in colour on a terminal unless `NO_COLOR` is set.
    Human,
    /// One JSON object a line.
    Json,
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// The filter is none.
    #[error("the log filter `{filter}` is wrong: {cause}; write a level such as `info`, or `info,transom::access=off`")]
    Filter {
        /// As it was given.
        filter: String,
        /// What is wrong with it.
        cause: String,
    },
    /// Logging was set up before.
    #[error("logging is set up already")]
    Again,
}

/// Sends log lines to standard error from now on, for the whole process. `filter` is a level, or `tracing` directives separated by commas.
pub fn init(format: Format, filter: &str) -> Result<(), ObserveError> {
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let subscriber = subscriber(format, filter, colour.then_some(Colour), std::io::stderr)?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| ObserveError::Again)
}

/// That lines may be coloured.
#[derive(Clone, Copy)]
struct Colour;

fn subscriber<W>(
    format: Format,
    filter: &str,
    colour: Option<Colour>,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, ObserveError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let parsed = EnvFilter::try_new(filter)
        .map_err(|cause| ObserveError::Filter { filter: filter.to_owned(), cause: cause.to_string() })?;
    let builder = tracing_subscriber::fmt().with_env_filter(parsed).with_writer(writer);
    Ok(match format {
        Format::Human => Box::new(builder.with_ansi(colour.is_some()).finish()),
        Format::Json => Box::new(builder.json().with_current_span(false).with_span_list(false).finish()),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use serde_json::Value;

    use super::super::{AccessLine, Event, RequestId, event};
    use super::*;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn written(format: Format, filter: &str, write: impl FnOnce()) -> String {
        let paper = Paper::default();
        let writer = paper.clone();
        let subscriber = subscriber(format, filter, None, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, write);
        let bytes = paper.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    fn line(request_id: &RequestId) -> AccessLine<'_> {
        AccessLine {
            request_id,
            method: "PATCH",
            route: "/Users/{id}",
            target: Some("redmine"),
            status: 204,
            duration: Duration::from_micros(1_250),
            calls: 2,
            bytes_in: 120,
            bytes_out: 0,
            client: None,
            outcome: "ok",
        }
    }

    #[test]
    fn an_access_line_in_json_has_its_fields() {
        let id = RequestId::random();
        let text = written(Format::Json, "info", || line(&id).write());
        let logged: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(logged["target"], "transom::access");
        assert_eq!(logged["fields"]["request_id"], id.as_str());
        assert_eq!(logged["fields"]["route"], "/Users/{id}");
        assert_eq!(logged["fields"]["target"], "redmine");
        assert_eq!(logged["fields"]["status"], 204);
        assert_eq!(logged["fields"]["duration_ms"], 1.25);
        assert!(logged["fields"].get("client").is_none());
    }

    #[test]
    fn a_human_line_is_one_line_without_colour_codes() {
        let id = RequestId::random();
        let text = written(Format::Human, "info", || line(&id).write());
        assert_eq!(text.lines().count(), 1);
        assert!(text.contains("route=\"/Users/{id}\"") && text.contains("calls=2"), "{text}");
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn an_event_names_attributes_and_is_one_line() {
        let id = RequestId::random();
        let names = ["nickName".to_owned(), "a\nb".to_owned()];
        let text = written(Format::Human, "info", || event(Event::AttributesIgnored(&names), &id, "redmine", "User"));
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains("nickName, a?b") && text.contains("attributes_ignored"), "{text}");
    }

    #[test]
    fn the_filter_can_turn_access_lines_off() {
        let id = RequestId::random();
        assert_eq!(written(Format::Json, "info,transom::access=off", || line(&id).write()), "");
    }

    #[test]
    fn a_wrong_filter_is_said_to_be_wrong() {
        let refused = subscriber(Format::Json, "transom=loud", None, std::io::sink).err().unwrap();
        assert!(refused.to_string().contains("`transom=loud`"), "{refused}");
    }
}
