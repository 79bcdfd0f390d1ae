//! What the terminal shows while a year goes by: the virtual date, the counters, and a sentence in
//! plain English whenever something happens for the first time. Colour only on a terminal.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::time::Duration;

use entremise_store::Counts;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::play::Play;

pub struct Teller {
    bar: ProgressBar,
    told: BTreeSet<&'static str>,
    quiet: bool,
    colour: bool,
}

/// A sentence and the fact of the world that makes it true.
struct Milestone {
    name: &'static str,
    happened: bool,
    words: String,
}

impl Teller {
    pub fn new(days: u64, quiet: bool) -> Self {
        let colour = std::io::stderr().is_terminal();
        let target =
            if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(days), target);
        let template = if colour {
            "{msg:.bold}\n{bar:48.cyan/dim} {pos}/{len} days  {elapsed} elapsed"
        } else {
            "{msg}\n{bar:48} {pos}/{len} days"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(250));
        Self { bar, told: BTreeSet::new(), quiet, colour }
    }

    /// One sentence above the bar.
    pub fn say(&self, when: Timestamp, words: &str) {
        if self.quiet {
            return;
        }
        let day = date(when);
        let line = if self.colour {
            format!("\u{1b}[36m{day}\u{1b}[0m  {words}")
        } else {
            format!("{day}  {words}")
        };
        if self.bar.is_hidden() {
            eprintln!("{line}");
        } else {
            self.bar.println(line);
        }
    }

    /// Shows a day that is over, and says what happened in it for the first time.
    pub fn day(&mut self, play: &Play, counts: &Counts, day: u64) {
        let now = play.clock.now();
        let count = |of: &std::collections::BTreeMap<String, u64>, name: &str| {
            of.get(name).copied().unwrap_or(0)
        };
        let mails = play.mail.taken();
        let message = format!(
            "{}   {} notices accepted · {} identified · {} e-mails · {} letters",
            date(now),
            count(&counts.notices, "accepted"),
            count(&counts.effects, "ask_provider.identified"),
            mails.len(),
            play.carrier.ways().len(),
        );
        // Where no bar can be drawn, a line a month shows that the year goes on.
        if self.bar.is_hidden() && !self.quiet && day.is_multiple_of(30) {
            eprintln!("{message}");
        }
        self.bar.set_message(message);
        self.bar.set_position(day);
        for milestone in milestones(play, counts) {
            if milestone.happened && self.told.insert(milestone.name) {
                self.say(now, &milestone.words);
            }
        }
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn date(at: Timestamp) -> String {
    let paris = TimeZone::get("Europe/Paris").expect("the zones are in the binary");
    at.to_zoned(paris).strftime("%a %e %b %Y").to_string()
}

fn milestones(play: &Play, counts: &Counts) -> Vec<Milestone> {
    let has = |of: &std::collections::BTreeMap<String, u64>, name: &str| {
        of.get(name).is_some_and(|count| *count > 0)
    };
    let answers = |name: &str| has(&counts.effects, &format!("ask_provider.{name}"));
    let mut milestones = vec![
        told(
            "notice",
            has(&counts.notices, "accepted"),
            "The first notice is accepted: it is proven, screened, and its sender has an answer.",
        ),
        told(
            "rejected",
            has(&counts.notices, "rejected"),
            "A notice is refused with a code and a place: its sender can mend it.",
        ),
        told(
            "duplicate",
            has(&counts.notices, "duplicate"),
            "The same fact comes twice: it counts once.",
        ),
        told(
            "identified",
            answers("identified"),
            "A provider's connector says who held an address. It gives a handle, not a name.",
        ),
        told(
            "ambiguous",
            answers("ambiguous"),
            "An instant lies where an address changed hands: the answer is \"ambiguous\", and the \
             case ends. The nearest is never taken.",
        ),
        told(
            "not_found",
            answers("not_found"),
            "Nobody held that address: the answer is \"not found\", and nobody is warned.",
        ),
        told(
            "decided",
            !play.member.decided.is_empty(),
            "The member decides on the first proposal. No message leaves without a person.",
        ),
        told(
            "barred",
            has(&counts.cases, "ladder.barred"),
            "A third fact within a year. The third step is barred: it needs the prior \
             authorisation of somebody outside (CJEU C-470/21). Until then no identity is asked \
             for and nothing is sent. The reviewing body here is invented: no decree names one.",
        ),
        told(
            "dismissed",
            has(&counts.cases, "ladder.dismissed"),
            "The member closes a case: \"peut\" means that nobody must be warned.",
        ),
    ];
    milestones.extend(on_the_way(play, counts));
    milestones.extend(third_step(play));
    milestones
}

/// What a reviewer, the person and a member do about a third fact.
fn third_step(play: &Play) -> [Milestone; 6] {
    let done = |name: &str| play.third_step.done.contains_key(name);
    [
        told(
            "granted",
            done("granted"),
            "An outside reviewer grants a third linking, with a key that this house never holds. \
             The provider checks the signature against the key that it pinned itself.",
        ),
        told(
            "review_refused",
            done("refused"),
            "The reviewer refuses a third linking: the step stays closed, and nobody is named.",
        ),
        told(
            "observations",
            done("observations"),
            "A person answers the finding. The letter is kept sealed, with its digest in the \
             ledger.",
        ),
        told("heard", done("heard"), "A person is heard, before anybody decides anything."),
        told(
            "closed_after",
            done("closed"),
            "The member looks at the facts again, and closes the file.",
        ),
        told(
            "transmitted",
            done("transmitted"),
            "A complete file goes to the prosecutor. Only a court can pronounce a penalty.",
        ),
    ]
}

/// What becomes of the messages.
fn on_the_way(play: &Play, counts: &Counts) -> [Milestone; 6] {
    let now = play.clock.now();
    let ways = play.carrier.ways();
    let station = |code: &str| {
        ways.iter().any(|way| way.stations.iter().any(|(said, at)| *said == code && *at <= now))
    };
    let any_bounce = counts.effects.contains_key("send_message.refused_by_carrier");
    [
        told(
            "mail",
            !play.mail.taken().is_empty(),
            "The first recommendation leaves by e-mail, signed with DKIM, through the provider's \
             relay.",
        ),
        told(
            "refused_mail",
            any_bounce,
            "A relay says that a mailbox does not exist: the person is reached by letter instead.",
        ),
        told("letter", !ways.is_empty(), "The first letter is handed to the post."),
        told(
            "signed",
            station("n01"),
            "A letter is signed for. Its date of presentation starts the clock of a year.",
        ),
        told(
            "unclaimed",
            station("p03"),
            "A letter comes back unclaimed. It was presented: the law counts from that day.",
        ),
        told(
            "moved",
            station("a21"),
            "A letter comes back: the address is unknown. Nobody was notified; the case ends.",
        ),
    ]
}

fn told(name: &'static str, happened: bool, words: &str) -> Milestone {
    Milestone { name, happened, words: words.to_owned() }
}
