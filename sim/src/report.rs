//! What a year came to: counts for people and for programs, and the year's papers in one folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context;
use entremise_ledger::{Options, Place, verify};
use serde::{Deserialize, Serialize};

use crate::mail::RETURNED;
use crate::play::Play;

/// Counts by outcome. The same seed gives the same report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub seed: u64,
    pub from: String,
    pub until: String,
    pub days: i64,
    pub notices: BTreeMap<String, u64>,
    pub rejections: BTreeMap<String, u64>,
    pub identifications: BTreeMap<String, u64>,
    pub emails: BTreeMap<String, u64>,
    pub letters: BTreeMap<String, u64>,
    pub cases: BTreeMap<String, u64>,
    pub decisions: BTreeMap<String, u64>,
    /// What was done once a third fact stood against a line.
    #[serde(default)]
    pub third_step: BTreeMap<String, u64>,
    /// Alarms nobody has settled, by what they are about.
    pub alarms: BTreeMap<String, u64>,
    pub ledger: LedgerReport,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerReport {
    pub entries: u64,
    /// RFC 6962 tree head, base64.
    pub root: String,
    /// Whether `ledger verify` found nothing wrong.
    pub verified: bool,
    pub findings: Vec<String>,
}

impl Report {
    /// Publishes and verifies the ledger, and counts.
    pub fn of(play: &Play, from: jiff::Timestamp, days: i64) -> anyhow::Result<Self> {
        play.publish()?;
        let house = play.house();
        let counts = house.store.counts(&play.authority)?;
        let of_kind = |prefix: &str| -> BTreeMap<String, u64> {
            let known = counts.cases.iter();
            known
                .filter_map(|(name, count)| Some((name.strip_prefix(prefix)?.to_owned(), *count)))
                .collect()
        };
        let mut identifications: BTreeMap<String, u64> = counts
            .effects
            .iter()
            .filter_map(|(name, count)| {
                Some((name.strip_prefix("ask_provider.")?.to_owned(), *count))
            })
            .collect();
        let waiting: u64 = counts
            .outbox
            .iter()
            .filter(|(name, _)| name.starts_with("ask_provider."))
            .map(|(_, count)| count)
            .sum();
        if waiting > 0 {
            identifications.insert("waiting".to_owned(), waiting);
        }
        let mut decisions = BTreeMap::new();
        for (_, stage, verdict) in &play.member.decided {
            let verdict = format!("{verdict:?}").to_lowercase();
            *decisions.entry(format!("stage_{}_{verdict}", stage + 1)).or_default() += 1;
        }
        Ok(Self {
            seed: play.seed,
            from: from.to_string(),
            until: play.clock.now().to_string(),
            days,
            notices: counts.notices.clone(),
            rejections: counts.rejections.clone(),
            identifications,
            emails: emails(play)?,
            letters: letters(play),
            cases: of_kind("ladder."),
            decisions,
            third_step: play.third_step.done.clone(),
            alarms: alarms(play)?,
            ledger: ledger(play)?,
        })
    }

    /// The table at the end of the demo.
    pub fn table(&self) -> String {
        let mut text = String::new();
        let rows = [
            ("notices", &self.notices),
            ("identifications", &self.identifications),
            ("e-mails", &self.emails),
            ("letters", &self.letters),
            ("cases", &self.cases),
            ("decisions", &self.decisions),
            ("third step", &self.third_step),
            ("open alarms", &self.alarms),
        ];
        for (name, counts) in rows {
            let total: u64 = counts.values().sum();
            let parts: Vec<String> =
                counts.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect();
            text += &format!("  {name:<16} {total:>6}   {}\n", parts.join(", ").replace('_', " "));
        }
        let verdict = if self.ledger.verified { "verified" } else { "NOT SOUND" };
        text + &format!(
            "  {:<16} {:>6}   {verdict}, root {}\n",
            "ledger entries", self.ledger.entries, self.ledger.root
        )
    }
}

/// Mails by what became of them, as the mail world knows it; the first word counts.
fn emails(play: &Play) -> anyhow::Result<BTreeMap<String, u64>> {
    use crate::world::people::Mailbox;
    let mut emails: BTreeMap<String, u64> = BTreeMap::new();
    let people = &play.world.subscribers;
    for mail in play.mail.taken() {
        let person = people.iter().find(|person| person.email.as_deref() == Some(&mail.recipient));
        let outcome = match person.map(|person| person.mailbox) {
            Some(Mailbox::BouncesLater) => "bounced_later",
            Some(Mailbox::AutoReplies) => "delivered_and_answered_by_a_machine",
            Some(Mailbox::Delayed) if mail.delivered => "delivered_late",
            _ if mail.delivered => "delivered",
            _ => "on_its_way",
        };
        *emails.entry(outcome.to_owned()).or_default() += 1;
    }
    let counts = play.house().store.counts(&play.authority)?;
    let refused = counts.effects.get("send_message.refused_by_carrier").copied().unwrap_or(0);
    if refused > 0 {
        emails.insert("refused_at_once".to_owned(), refused);
    }
    Ok(emails)
}

fn alarms(play: &Play) -> anyhow::Result<BTreeMap<String, u64>> {
    let mut alarms: BTreeMap<String, u64> = BTreeMap::new();
    for alarm in play.house().store.alarms(&play.authority)? {
        let trouble = alarm.body.get("trouble").and_then(|trouble| trouble.as_str());
        let name = match trouble {
            Some(trouble) => format!("{}_{trouble}", alarm.name),
            None => alarm.name,
        };
        *alarms.entry(name).or_default() += 1;
    }
    Ok(alarms)
}

/// Letters by the last thing the post did with them.
fn letters(play: &Play) -> BTreeMap<String, u64> {
    let mut letters: BTreeMap<String, u64> = BTreeMap::new();
    let now = play.clock.now();
    for way in play.carrier.ways() {
        let last = way.stations.iter().rfind(|(_, at)| *at <= now);
        let outcome = match last.map(|(code, _)| *code) {
            Some("n01") => "signed_for",
            Some("a02" | "p01") => "presented",
            Some("p05") => "refused",
            Some("p03") => "unclaimed",
            Some("a21") => "unknown_address",
            Some("lost") => "lost",
            // Nobody says what becomes of it.
            Some("a06") if !way.is_registered => "posted",
            _ => "on_its_way",
        };
        *letters.entry(outcome.to_owned()).or_default() += 1;
    }
    letters
}

fn ledger(play: &Play) -> anyhow::Result<LedgerReport> {
    let report = verify(&Place::folder(&play.ledger_folder()), Options::default())?;
    let head = report.ledgers.first().context("one ledger was published")?;
    Ok(LedgerReport {
        entries: head.size,
        root: head.root.clone(),
        verified: report.is_sound(),
        findings: head.findings.iter().take(5).map(|finding| finding.words.clone()).collect(),
    })
}

/// Leaves the year's papers: `mails`, `letters`, `ledger`, `acknowledgements`, `report.json`.
pub fn leave(play: &Play, report: &Report, out: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(out)?;
    let mailboxes = play.estate.folder.join("mail/mailboxes");
    copy_tree(&mailboxes, &out.join("mails"))?;
    copy_tree(&play.estate.folder.join("mail").join(RETURNED), &out.join("mails/returned"))?;
    copy_tree(&play.house().ledger, &out.join("ledger"))?;
    let acknowledgements = out.join("acknowledgements");
    copy_tree(&play.estate.folder.join("senders/edition/out"), &acknowledgements.join("edition"))?;
    copy_tree(&play.estate.folder.join("mail/notices/answers"), &acknowledgements.join("cinema"))?;
    copy_tree(&play.estate.folder.join("senders/musique/out"), &acknowledgements.join("musique"))?;
    let letters = out.join("letters");
    fs::create_dir_all(&letters)?;
    for (number, letter) in play.post.letters().iter().enumerate() {
        for document in &letter.documents {
            fs::write(
                letters.join(format!("{:04}-{}.pdf", number + 1, letter.custom_id)),
                document,
            )?;
        }
    }
    let json = serde_json::to_vec_pretty(report)?;
    fs::write(out.join("report.json"), json).context("report.json")
}

fn copy_tree(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    if !from.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// One genuine message to try on the public page: its file number and code, as printed in a mail.
pub fn something_to_check(play: &Play) -> Option<(String, String)> {
    let house = play.house();
    let room = house.room(&play.authority)?;
    let taken = play.mail.taken();
    let mail = taken.iter().find(|mail| mail.delivered)?;
    let effect = room.delivery.composer.return_paths.effect(&mail.return_path)?;
    let found = house.store.effect(effect).ok()??;
    let number = house.store.case_file(&play.authority, &found.case).ok()??.file_number?;
    let code = room.delivery.codes.code(&number);
    Some((number, code))
}
