//! The CPU time that a process has used so far, from `/proc`.

use std::fs;
use std::path::Path;
use std::time::Duration;

/// User and system time of all threads. The scheduler's own count of nanoseconds, where the kernel has it: `utime + stime` is the
/// same sum cut to hundredths of a second.
pub fn used(process: u32) -> std::io::Result<Duration> {
    let folder = format!("/proc/{process}");
    match threads(Path::new(&folder)) {
        Some(nanoseconds) => Ok(Duration::from_nanos(nanoseconds)),
        None => ticks(&fs::read_to_string(format!("{folder}/stat"))?),
    }
}

fn threads(folder: &Path) -> Option<u64> {
    let mut sum = 0;
    for thread in fs::read_dir(folder.join("task")).ok()? {
        let text = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        sum += text.split(' ').next()?.parse::<u64>().ok()?;
    }
    Some(sum)
}

/// Fields 14 and 15; the second, the program's name, may hold blanks. Linux counts a hundred ticks a second.
fn ticks(stat: &str) -> std::io::Result<Duration> {
    let fields = stat.rsplit_once(')').map_or(stat, |(_, rest)| rest).split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * 10))
}
