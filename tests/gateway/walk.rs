//! docs/first-mapping.md, walked: its files are written, its commands are run, and what they print is what the page says.
//!
//! A comment before a block says what becomes of it: `<!-- file: F -->` writes it, `<!-- append: F -->` adds it to the end, and
//! `<!-- insert: F after: TEXT -->` puts it below the first line that holds TEXT. In ```` ```console ```` blocks, lines that begin
//! with `$ ` are run by a shell, one that ends with ` &` for as long as the walk lasts; `…` in what they print stands for
//! anything. The ports of the page become free ones.

use crate::stage::{PATIENCE, folder};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

const PORTS: [&str; 2] = ["8080", "8095"];

/// `UPDATE_WALK=1` writes what commands print into the page, for somebody to read.
#[test]
fn the_first_mapping_is_an_afternoon_that_works() {
    let folder = folder();
    std::fs::copy(docs().join("first-mapping/larder.py"), folder.path().join("larder.py")).unwrap();
    let mut walk = Walk { folder: folder.path(), ports: PORTS.map(|port| (port, free())), running: Vec::new() };
    let page = std::fs::read_to_string(docs().join("first-mapping.md")).unwrap();
    let walked = walk.all(&page);
    if std::env::var_os("UPDATE_WALK").is_some() {
        std::fs::write(docs().join("first-mapping.md"), walked).unwrap();
    } else {
        let differs = page.lines().zip(walked.lines()).position(|(told, seen)| !fits(told, seen));
        let line = differs.unwrap_or_else(|| page.lines().count().min(walked.lines().count()));
        let rest = |text: &str| text.lines().skip(line).take(12).collect::<Vec<_>>().join("\n");
        let same = differs.is_none() && page.lines().count() == walked.lines().count();
        assert!(same, "line {}: the page says\n{}\n\nand it comes out as\n{}", line + 1, rest(&page), rest(&walked));
    }
}

struct Walk<'a> {
    folder: &'a Path,
    /// The port on the page, and the one here.
    ports: [(&'static str, String); 2],
    running: Vec<Child>,
}

impl Walk<'_> {
    /// The page with what commands print now.
    fn all(&mut self, page: &str) -> String {
        let (mut walked, mut before) = (String::new(), "");
        let mut lines = page.lines();
        while let Some(line) = lines.next() {
            writeln!(walked, "{line}").unwrap();
            if line.starts_with("```") {
                let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
                if line == "```console" {
                    walked += &self.console(&block);
                } else {
                    self.keep(before, &block);
                    block.iter().for_each(|line| writeln!(walked, "{line}").unwrap());
                }
                walked += "```\n";
            }
            before = line;
        }
        walked
    }

    fn keep(&self, comment: &str, block: &[&str]) {
        let Some(said) = comment.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->")) else { return };
        let (what, rest) = said.split_once(": ").unwrap();
        let (name, after) = rest.split_once(" after: ").unwrap_or((rest, ""));
        let path = self.folder.join(name);
        let text = block.iter().map(|line| self.here(line) + "\n").collect::<String>();
        let held = std::fs::read_to_string(&path).unwrap_or_default();
        let text = match what {
            "file" => text,
            "append" => held + &*text,
            "insert" => {
                let at = held.find(after).unwrap_or_else(|| panic!("{name} holds no `{after}`"));
                let end = at + held[at..].find('\n').unwrap() + 1;
                format!("{}{text}{}", &held[..end], &held[end..])
            }
            other => panic!("`{other}` is nothing to do with a block"),
        };
        std::fs::write(path, text).unwrap();
    }

    fn console(&mut self, block: &[&str]) -> String {
        let mut printed = String::new();
        let mut lines = block.iter().peekable();
        while let Some(line) = lines.next() {
            let mut command = line.strip_prefix("$ ").unwrap_or_else(|| panic!("`{line}` is no command")).to_owned();
            writeln!(printed, "{line}").unwrap();
            while command.ends_with('\\') {
                let more = lines.next().unwrap();
                writeln!(printed, "{more}").unwrap();
                command = format!("{command}\n{more}");
            }
            let told: Vec<&&str> = std::iter::from_fn(|| lines.next_if(|line| !line.starts_with("$ "))).collect();
            let said = self.run(&self.here(&command));
            for (place, line) in self.there(&said).lines().enumerate() {
                // What the page leaves open stays open.
                let open = told.get(place).filter(|told| told.contains('…') && fits(told, line));
                writeln!(printed, "{}", open.map_or(line, |told| told).trim_end()).unwrap();
            }
        }
        printed
    }

    fn run(&mut self, command: &str) -> String {
        match command.strip_suffix(" &") {
            Some(command) => self.begin(command),
            None => {
                let ended = self.shell(&format!("({command}) 2>&1")).output().unwrap();
                String::from_utf8(ended.stdout).unwrap()
            }
        }
    }

    /// Something that goes on; its first line says that it is ready.
    fn begin(&mut self, command: &str) -> String {
        let mut child = self.shell(&format!("exec {command} 2>&1")).stdout(Stdio::piped()).spawn().unwrap();
        let (send, first) = mpsc::channel();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        std::thread::spawn(move || lines.by_ref().map_while(Result::ok).for_each(|line| drop(send.send(line))));
        self.running.push(child);
        first.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("`{command}` says nothing")) + "\n"
    }

    fn shell(&self, command: &str) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_transom")).parent().unwrap();
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).current_dir(self.folder).env("PATH", path).env("NO_COLOR", "1");
        shell.env_remove("TRANSOM_CONFIG");
        shell
    }

    /// The page's words with this run's ports, and back.
    fn here(&self, text: &str) -> String {
        self.ports.iter().fold(text.to_owned(), |text, (there, here)| text.replace(there, here))
    }

    fn there(&self, text: &str) -> String {
        self.ports.iter().fold(text.to_owned(), |text, (there, here)| text.replace(&**here, there))
    }
}

impl Drop for Walk<'_> {
    fn drop(&mut self) {
        for child in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Is this the line that the page says? `…` stands for anything.
fn fits(told: &str, seen: &str) -> bool {
    let mut rest = seen;
    let pieces: Vec<&str> = told.split('…').collect();
    for (place, piece) in pieces.iter().enumerate() {
        match rest.find(piece) {
            Some(at) if place > 0 || at == 0 => rest = &rest[at + piece.len()..],
            _ => return false,
        }
    }
    rest.is_empty() || pieces.len() > 1 && told.ends_with('…')
}

/// A port that nobody has.
fn free() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string()
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}
