//! The tables.

use std::io::{self, Write};

use crate::requests::Kind;

/// One measurement.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// CPU time of the process, microseconds per request.
    pub cpu: f64,
    /// Requests per second.
    pub rate: f64,
}

/// All of them, rounds in order.
pub type Samples = Vec<(&'static str, Kind, Sample)>;

/// Columns with their headings.
const COLUMNS: [(&str, &str); 5] = [
    ("stand-in", "stand-in"),
    ("hyper", "hyper"),
    ("nginx", "nginx"),
    ("Transom", "Transom"),
    ("kept", "Transom, kept"),
];

/// Prints CPU per request, requests per second, ratios and the split.
pub fn report(samples: &Samples, out: &mut impl Write) -> io::Result<()> {
    table(out, "CPU of the process, µs per request (median of rounds)", |name, kind| {
        cell(samples, name, kind, |one| one.cpu, 1)
    })?;
    table(out, "requests per second", |name, kind| cell(samples, name, kind, |one| one.rate, 0))?;
    writeln!(out, "\nCPU as a multiple of the hyper pass-through (median of rounds, least to most)")?;
    for kind in Kind::SHARED {
        let ratio = |name| {
            let mut ratios: Vec<f64> = of(samples, name, kind)
                .zip(of(samples, "hyper", kind))
                .map(|(one, other)| one.cpu / other.cpu)
                .collect();
            let middle = median(&mut ratios);
            format!("{middle:.2} ({:.2} to {:.2})", ratios.first().unwrap_or(&0.0), ratios.last().unwrap_or(&0.0))
        };
        writeln!(out, "{:<18} Transom {:<24} kept {}", kind.name(), ratio("Transom"), ratio("kept"))?;
    }
    split(samples, out)
}

fn table(out: &mut impl Write, title: &str, cell: impl Fn(&str, Kind) -> String) -> io::Result<()> {
    write!(out, "\n{title}\n{:<18}", "")?;
    COLUMNS.iter().try_for_each(|(_, heading)| write!(out, "{heading:>15}"))?;
    writeln!(out)?;
    for kind in Kind::SHARED {
        write!(out, "{:<18}", kind.name())?;
        COLUMNS.iter().try_for_each(|(name, _)| write!(out, "{:>15}", cell(name, kind)))?;
        writeln!(out)?;
    }
    Ok(())
}

/// Where a GET's time goes, as far as differences of whole requests can tell.
fn split(samples: &Samples, out: &mut impl Write) -> io::Result<()> {
    let cpu = |name, kind| median(&mut of(samples, name, kind).map(|one| one.cpu).collect::<Vec<_>>());
    let (frame, silent) = (cpu("Transom", Kind::Frame), cpu("quiet", Kind::Frame));
    let (get, kept) = (cpu("Transom", Kind::Get), cpu("kept", Kind::Get));
    writeln!(out, "\nWhere Transom's GET spends its CPU, µs (differences of medians)")?;
    writeln!(
        out,
        "{silent:>8.1}  HTTP in front, route, token, answer (GET /ServiceProviderConfig without the access line)"
    )?;
    writeln!(out, "{:>8.1}  the access line", frame - silent)?;
    writeln!(out, "{:>8.1}  the call to the product and both translations", get - frame)?;
    writeln!(out, "{:>8.1}  kept and remembered values", kept - get)?;
    writeln!(out, "{:>8.1}  a GET without the access line, whole", cpu("quiet", Kind::Get))
}

fn of<'a>(samples: &'a Samples, name: &'a str, kind: Kind) -> impl Iterator<Item = Sample> + 'a {
    samples.iter().filter(move |(known, what, _)| *known == name && *what == kind).map(|(_, _, sample)| *sample)
}

fn cell(samples: &Samples, name: &str, kind: Kind, figure: fn(Sample) -> f64, digits: usize) -> String {
    let mut figures: Vec<f64> = of(samples, name, kind).map(figure).collect();
    if figures.is_empty() { "-".to_owned() } else { format!("{:.digits$}", median(&mut figures)) }
}

fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
