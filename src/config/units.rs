//! Durations and sizes as people write them.

use std::time::Duration;

/// `500ms`, `10s`, `2m`, `1h`; more than zero, at most a day.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{}` is no duration; write 500ms, 10s, 2m or 1h", cut(text));
    let (number, unit) = split(text).ok_or_else(wrong)?;
    let unit = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(wrong()),
    };
    let millis = number.checked_mul(unit).ok_or_else(wrong)?;
    match millis {
        1..=86_400_000 => Ok(Duration::from_millis(millis)),
        _ => Err(format!("`{}` is out of range; it must be between 1ms and 24h", cut(text))),
    }
}

/// `1MiB`, `64kB`, `512` (bytes); more than zero, at most 1 GiB.
pub(super) fn size(text: &str) -> Result<usize, String> {
    let wrong = || format!("`{}` is no size; write 64KiB, 1MiB, 64kB or plain bytes", cut(text));
    let (number, unit) = split(text).ok_or_else(wrong)?;
    let unit = match unit {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" | "kiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(wrong()),
    };
    let bytes = number.checked_mul(unit).ok_or_else(wrong)?;
    match usize::try_from(bytes) {
        Ok(bytes @ 1..=0x4000_0000) => Ok(bytes),
        _ => Err(format!("`{}` is out of range; it must be between 1 byte and 1GiB", cut(text))),
    }
}

/// The shortest way to write a duration.
pub(super) fn print_duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    match millis {
        _ if millis.is_multiple_of(3_600_000) => format!("{}h", millis / 3_600_000),
        _ if millis.is_multiple_of(60_000) => format!("{}m", millis / 60_000),
        _ if millis.is_multiple_of(1_000) => format!("{}s", millis / 1_000),
        _ => format!("{millis}ms"),
    }
}

/// The shortest way to write a size.
pub(super) fn print_size(bytes: usize) -> String {
    match bytes {
        _ if bytes.is_multiple_of(1 << 30) => format!("{}GiB", bytes >> 30),
        _ if bytes.is_multiple_of(1 << 20) => format!("{}MiB", bytes >> 20),
        _ if bytes.is_multiple_of(1 << 10) => format!("{}KiB", bytes >> 10),
        _ => bytes.to_string(),
    }
}

fn split(text: &str) -> Option<(u64, &str)> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit.trim_start_matches(' ')))
}

fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_printed() {
        for (text, millis) in [("500ms", 500), ("10s", 10_000), ("2m", 120_000), ("1h", 3_600_000), ("1 s", 1_000)] {
            assert_eq!(duration(text).unwrap(), Duration::from_millis(millis));
            assert_eq!(duration(&print_duration(Duration::from_millis(millis))).unwrap().as_millis(), millis.into());
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in
            ["", "10", "s", "-1s", "1.5s", "10 sec", "0s", "25h", "99999999999999999999s", "18446744073709551615h"]
        {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_read_and_printed() {
        for (text, bytes) in
            [("1MiB", 1 << 20), ("64kB", 64_000), ("512", 512), ("8KiB", 8192), ("2B", 2), ("1GiB", 1 << 30)]
        {
            assert_eq!(size(text).unwrap(), bytes);
            assert_eq!(size(&print_size(bytes)).unwrap(), bytes);
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "0", "MiB", "1 mega", "-5", "1.5MiB", "2GiB", "18446744073709551615GiB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
