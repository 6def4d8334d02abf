//! The product's promise as data: every file in `cases/` is played through the whole gateway against a pretend product.
//! `cases/README.md` says how to add one; no Rust is needed.

#[cfg(test)]
mod docs;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod shipped;

#[cfg(test)]
mod cases {
    use std::fmt::Write;
    use std::path::{Path, PathBuf};
    use std::sync::Arc;
    use transom::cli::rehearsal::Stage;
    use transom::cli::test::judge;
    use transom::gateway::PatchAnswer;
    use transom::mapping::{self, Mapping};

    /// `CASE=members` or `CASE=members/replace` plays only those whose path contains this.
    #[tokio::test]
    async fn every_case_holds() {
        let only = std::env::var("CASE").unwrap_or_default();
        let (mut told, mut failed, mut played) = (String::new(), 0, 0);
        for file in files().into_iter().filter(|file| name(file).contains(&only)) {
            played += 1;
            let faults = faults(&file).await;
            if !faults.is_empty() {
                failed += 1;
                writeln!(told, "FAIL {}", name(&file)).unwrap();
                faults.iter().for_each(|fault| writeln!(told, "     {}", fault.trim_end()).unwrap());
            }
        }
        assert!(played > 0, "no case is called `{only}`");
        assert!(failed == 0, "{failed} of {played} cases do not hold\n{told}");
    }

    /// What is wrong with one case; nothing if it holds.
    async fn faults(file: &Path) -> Vec<String> {
        let mapping = match compiled(file) {
            Ok(mapping) => mapping,
            Err(told) => return vec![told],
        };
        let Some(first) = mapping.tests.first() else { return vec!["there is no request in it".to_owned()] };
        let stage = Stage::set(&mapping, first, [PatchAnswer::Resource, PatchAnswer::None]).await.unwrap();
        let mut faults = Vec::new();
        for test in &mapping.tests {
            if test.calls.is_none() && test.exchange.is_none() {
                faults.push(format!("{}: says neither `calls:` nor `exchange:`", test.name));
            }
            stage.change(test);
            let played = stage.play(test).await.unwrap();
            faults.extend(judge(test, &played).into_iter().map(|fault| format!("{}: {fault}", test.name)));
        }
        faults
    }

    /// The mapping with the case as its `tests:`, so that a case is written in the language of mappings and checked like one.
    fn compiled(file: &Path) -> Result<Arc<Mapping>, String> {
        let own = file.with_extension("mapping.yaml");
        let mapping = if own.is_file() { own } else { file.with_file_name("mapping.yaml") };
        let script = mapping.with_extension("rhai");
        let script = script.is_file().then(|| (name(&script), read(&script)));
        let script = script.as_ref().map(|(name, text)| (name.as_str(), text.as_str()));
        let text = format!("{}\ntests:\n{}", read(&mapping), entries(&read(file)));
        let compiled = mapping::compile(&name(file), &text, script).map_err(|diagnostics| diagnostics.to_string())?;
        Ok(Arc::new(compiled.mapping))
    }

    /// One request, or a list of them, as the entries of `tests:`.
    fn entries(text: &str) -> String {
        let first = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#')).unwrap_or_default();
        let (head, indent) = if first.starts_with('-') { ("", "  ") } else { ("  -\n", "    ") };
        text.lines().fold(head.to_owned(), |all, line| all + indent + line + "\n")
    }

    fn files() -> Vec<PathBuf> {
        let mut found = Vec::new();
        for theme in children(&root()).into_iter().filter(|path| path.is_dir()) {
            let case = |path: &PathBuf| {
                path.extension().is_some_and(|end| end == "yaml") && !path.to_string_lossy().ends_with("mapping.yaml")
            };
            found.extend(children(&theme).into_iter().filter(case));
        }
        found
    }

    fn children(folder: &Path) -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        found.sort();
        found
    }

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/translation/cases")
    }

    fn name(file: &Path) -> String {
        file.strip_prefix(root()).unwrap_or(file).display().to_string()
    }

    fn read(file: &Path) -> String {
        std::fs::read_to_string(file).unwrap_or_else(|error| format!("# {error}"))
    }
}
