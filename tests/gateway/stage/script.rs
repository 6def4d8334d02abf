//! What stands in the files of a stage: the mapping, and the configuration around it.

use super::product::KEY;
use super::{Product, write};
use std::path::{Path, PathBuf};

const SHIPPED: &str = include_str!("../../../mappings/moqups.yaml");

/// The texts that a test may want otherwise; each is a piece of YAML.
#[derive(Clone)]
pub struct Script {
    pub mapping: String,
    pub listen: String,
    /// `limits:`, without the word.
    pub limits: String,
    /// `limits:` of every target, without the word.
    pub target_limits: String,
    /// Targets by name; all are the same product.
    pub targets: Vec<&'static str>,
    pub api_key: String,
    pub log: String,
}

impl Default for Script {
    fn default() -> Self {
        Script {
            mapping: SHIPPED.to_owned(),
            listen: "'127.0.0.1:0'".to_owned(),
            limits: "{}".to_owned(),
            target_limits: "{}".to_owned(),
            targets: vec!["moqups"],
            api_key: KEY.to_owned(),
            log: "{}".to_owned(),
        }
    }
}

impl Script {
    /// The shipped mapping with one piece of it replaced.
    pub fn replacing(piece: &str, by: &str) -> Script {
        assert!(SHIPPED.contains(piece), "the shipped mapping has no {piece}");
        Script { mapping: SHIPPED.replace(piece, by), ..Script::default() }
    }

    /// The shipped mapping, keeping the attribute that the product has no place for.
    pub fn keeping(attribute: &str) -> Script {
        Script::replacing("    userName: ", &format!("    {attribute}: keep\n    userName: "))
    }

    /// Calls are given up soon.
    pub fn hasty() -> Script {
        Script { target_limits: "{ timeout: 300ms }".to_owned(), ..Script::default() }
    }

    /// Writes the files and says where the configuration is.
    pub fn write(&self, folder: &Path, product: &Product) -> PathBuf {
        // Its own tests speak of the mapping as it ships.
        let mapping = self.mapping.split("\ntests:\n").next().unwrap_or_default();
        write(folder, "moqups.yaml", mapping);
        write(folder, "api.key", &self.api_key);
        write(folder, "transom.yaml", &self.config(product));
        folder.join("transom.yaml")
    }

    fn config(&self, product: &Product) -> String {
        let Script { listen, limits, target_limits, log, .. } = self;
        let mut text = format!("listen: [{listen}]\ndata: data\nlimits: {limits}\nlog: {log}\ntargets:\n");
        for target in &self.targets {
            text += &format!(
                "  {target}:\n    mapping: moqups.yaml\n    base_url: http://{}\n    settings: {{ api_key: {{ file: api.key }} }}\n    \
                 limits: {target_limits}\n",
                product.address
            );
        }
        text
    }
}
