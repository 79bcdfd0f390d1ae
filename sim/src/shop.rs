//! A print shop that works by hand-over folder: it takes letters from `outbox`, hands them to the
//! same post that others reach over HTTP, and drops what the post says into `inbox`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::post::Post;

pub struct Shop {
    outbox: PathBuf,
    inbox: PathBuf,
    post: Post,
    taken: BTreeSet<String>,
    /// How much of what the post said is in the inbox.
    told: usize,
}

impl Shop {
    /// `folder` is the authority's hand-over folder.
    pub fn open(folder: &Path, post: Post) -> Self {
        let (outbox, inbox) = (folder.join("outbox"), folder.join("inbox"));
        Self { outbox, inbox, post, taken: BTreeSet::new(), told: 0 }
    }

    /// Prints and posts every letter whose manifest is there.
    pub fn take(&mut self) -> anyhow::Result<()> {
        if !self.outbox.is_dir() {
            return Ok(());
        }
        let mut waiting = Vec::new();
        for entry in fs::read_dir(&self.outbox)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.ends_with(".json") && !name.starts_with('.') && !self.taken.contains(&name) {
                let bytes = fs::read(self.outbox.join(&name))?;
                let manifest: Value = serde_json::from_slice(&bytes).context("a manifest")?;
                waiting.push((manifest["handed_over_at"].to_string(), name, manifest));
            }
        }
        // By their dates: what a folder lists first is chance.
        waiting.sort_by(|left, right| (&left.0, &left.1).cmp(&(&right.0, &right.1)));
        for (_, name, manifest) in waiting {
            self.print(&manifest)?;
            self.taken.insert(name);
        }
        Ok(())
    }

    fn print(&self, manifest: &Value) -> anyhow::Result<()> {
        let text = |member: &str| manifest[member].as_str().context("a member of the manifest");
        let document = fs::read(self.outbox.join(text("file")?))?;
        let lines = manifest["recipient"].as_array().context("the recipient")?.iter();
        let recipient: serde_json::Map<String, Value> = lines
            .enumerate()
            .map(|(place, line)| (format!("address_line_{}", place + 1), line.clone()))
            .collect();
        // For the law the letter was handed over when it was left for the shop.
        let left_at: Timestamp = text("handed_over_at")?.parse()?;
        let is_registered = text("product")? == "registered_with_receipt";
        self.post.take_in(text("effect")?, is_registered, document, json!(recipient), left_at);
        Ok(())
    }

    /// Drops the post's news, each with its proof, in one table a time.
    pub fn tell(&mut self) -> anyhow::Result<()> {
        let news = self.post.said_since(self.told);
        if news.is_empty() {
            return Ok(());
        }
        let mut table = "effect,code,at,proof\n".to_owned();
        for said in &news {
            self.told += 1;
            let mut name = String::new();
            if let Some(proof) = &said.proof {
                name = format!("proof-{:06}.pdf", self.told);
                fs::write(self.inbox.join(&name), proof)?;
            }
            table += &format!("{},{},{},{name}\n", said.custom_id, said.code, said.at);
        }
        let part = self.inbox.join(".news.part");
        fs::write(&part, table)?;
        Ok(fs::rename(part, self.inbox.join(format!("news-{:06}.csv", self.told)))?)
    }
}
