//! What a drawing or a text of a regime says, section by section.

use jiff::civil::Date;
use serde_json::Value;

use super::labels::{name_words, value_words, word};
use super::{Citation, NoRulesOnThatDay, Regime, on_day};
use crate::deadline::{Lang, date_words, of, start_words};
use crate::regime::Version;
use crate::regime::file::StageFile;
use crate::regime::rules::Gate;

pub(super) struct Sheet {
    pub title: String,
    pub subtitle: String,
    pub legend: String,
    pub sections: Vec<Section>,
}

pub(super) struct Section {
    pub kind: SectionKind,
    /// What leads here from the section above.
    pub arrow: Option<String>,
    pub heading: String,
    pub lines: Vec<Line>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SectionKind {
    /// Before and after the ladder.
    Plain,
    /// A rung, by its place from 1.
    Rung(usize),
    /// A condition on the way to the next rung.
    Gate,
}

pub(super) struct Line {
    pub label: String,
    pub value: String,
    pub citation: Option<Citation>,
}

pub(super) fn sheet(regime: &Regime, day: Date, lang: Lang) -> Result<Sheet, NoRulesOnThatDay> {
    let version = regime.version_on(day)?;
    let page = Page { regime, version, lang };
    let mut sections = vec![page.intake(), page.provider(), page.post()];
    for (place, stage) in regime.file().stage.iter().enumerate() {
        sections.extend(page.stage(place, stage));
    }
    sections.push(page.challenge());
    sections.extend(page.deliberations());
    sections.push(page.measures());
    sections.push(page.execution());
    sections.push(page.retention());
    sections.push(page.duties());
    sections.retain(|section| !section.lines.is_empty());
    Ok(Sheet {
        title: format!("{} — {}", regime.title().in_lang(lang), on_day(day, lang)),
        subtitle: page.subtitle(),
        legend: page
            .say(
                "Sûreté : H = texte officiel lu · M = source secondaire · L = lecture propre, \
                 jamais présentée comme du droit établi",
                "Sureness: H = primary text read · M = secondary source · L = our own reading, \
                 never shown as settled law",
            )
            .to_owned(),
        sections,
    })
}

struct Page<'a> {
    regime: &'a Regime,
    version: &'a Version,
    lang: Lang,
}

impl Page<'_> {
    fn say<'t>(&self, fr: &'t str, en: &'t str) -> &'t str {
        match self.lang {
            Lang::Fr => fr,
            Lang::En => en,
        }
    }

    fn subtitle(&self) -> String {
        let since = date_words(self.version.from, self.lang);
        let until = self.version.until.map(|day| date_words(day, self.lang));
        let life = match (self.lang, until) {
            (Lang::Fr, Some(until)) => format!("version du {since} au {until}"),
            (Lang::Fr, None) => format!("version du {since}, sans terme connu"),
            (Lang::En, Some(until)) => format!("version from {since} to {until}"),
            (Lang::En, None) => format!("version from {since}, no known end"),
        };
        let calendar = self.regime.calendar();
        format!(
            "{life} · {} · {} {} · sha256 {}",
            self.regime.zone().name(),
            calendar.id(),
            calendar.version(),
            &self.regime.digest()[..12]
        )
    }

    /// The line of one value, if it is in force.
    fn line(&self, path: &str) -> Option<Line> {
        let in_force = self.version.values.get(path)?;
        Some(Line {
            label: name_words(path, self.lang).to_owned(),
            value: value_words(path, &in_force.value, self.lang),
            citation: Some(in_force.citation.clone()),
        })
    }

    fn lines(&self, under: &str, names: &[&str]) -> Vec<Line> {
        names.iter().filter_map(|name| self.line(&format!("{under}.{name}"))).collect()
    }

    fn plain(&self, heading: &str, arrow: Option<&str>, lines: Vec<Line>) -> Section {
        Section {
            kind: SectionKind::Plain,
            arrow: arrow.map(str::to_owned),
            heading: heading.to_owned(),
            lines,
        }
    }

    fn intake(&self) -> Section {
        let mut lines: Vec<Line> = self.line("mode").into_iter().collect();
        for kind in self.regime.file().intake.facts_at_most.keys() {
            if let Some(mut line) = self.line(&format!("intake.facts_at_most.{kind}")) {
                line.value = match self.lang {
                    Lang::Fr => format!("faits d’au plus {}", line.value),
                    Lang::En => format!("facts at most {} old", line.value),
                };
                lines.push(line);
            }
        }
        let names =
            ["must_carry", "notices_per_day_max", "clock_error_ms_max", "future_tolerance_secs"];
        lines.extend(self.lines("intake", &names));
        self.plain(self.say("Saisine : qui, quoi", "Referral: who and what"), None, lines)
    }

    fn provider(&self) -> Section {
        let names = ["answers_within", "relays_within", "batch_addresses_max", "breach_fine_euros"];
        let arrow = self.say(
            "constat recevable : l’opérateur dit qui tenait l’adresse, ou qu’il ne sait pas",
            "notice accepted: the provider says who held the address, or that it cannot say",
        );
        let heading = self.say("Identification : l’opérateur", "Identification: the provider");
        self.plain(heading, Some(arrow), self.lines("provider", &names))
    }

    fn post(&self) -> Section {
        let names = ["taken_over_within", "presented_within"];
        let heading = self.say("Courrier : la poste", "Letters: the post");
        self.plain(heading, None, self.lines("post", &names))
    }

    fn challenge(&self) -> Section {
        let names = ["received_within", "answered_within", "unanswered", "meanwhile"];
        let heading = self.say("Contestation d’un message", "Challenge of a message");
        self.plain(heading, None, self.lines("challenge", &names))
    }

    fn stage(&self, place: usize, stage: &StageFile) -> Vec<Section> {
        let under = format!("stage.{}", stage.id);
        let mut arrow = Some(self.arrow(stage));
        let mut sections = Vec::new();
        let gate = self.line(&format!("{under}.gate"));
        let gated = self.version.rules.stages.get(place).is_some_and(|rung| rung.gate.is_some());
        if let Some(gate) = gate.filter(|_| gated) {
            let mut lines = vec![gate];
            lines.extend(self.lines("review", &["answers_within", "grant_valid_for", "shows"]));
            sections.push(Section {
                kind: SectionKind::Gate,
                arrow: arrow.take(),
                heading: self
                    .say("Sans cette condition, l’étape n’a pas lieu", "Without it, no next step")
                    .to_owned(),
                lines,
            });
        }
        let mut lines = self.lines(&under, &["decides", "decide_within", "channels", "fallback"]);
        lines.extend(self.linking(&under));
        let names = ["must_say", "clock.starts_at", "clock.repeat_within"];
        lines.extend(self.lines(&under, &names));
        lines.extend(self.returned(&under, stage));
        let names = [
            "hears.observations_within",
            "hears.hearing",
            "hears.counsel",
            "hears.convene_within",
            "hears.record_within",
        ];
        lines.extend(self.lines(&under, &names));
        if !sections.is_empty() {
            let open = match self.version.rules.stages.get(place).and_then(|rung| rung.gate) {
                Some(Gate::ReviewerAuthorisation) => {
                    self.say("autorisation accordée", "authorisation granted")
                }
                _ => self.say("voie fermée", "closed"),
            };
            arrow = Some(open.to_owned());
        }
        sections.push(Section {
            kind: SectionKind::Rung(place + 1),
            arrow,
            heading: stage.title.in_lang(self.lang).to_owned(),
            lines,
        });
        sections
    }

    /// What brings a case to this rung: the first fact, or a repeat in the window of the one below.
    fn arrow(&self, stage: &StageFile) -> String {
        let below = stage.after.as_ref().and_then(|below| {
            let span = self.version.values.get(&format!("stage.{below}.clock.repeat_within"))?;
            let proof = self.version.values.get(&format!("stage.{below}.clock.starts_at"))?;
            let span = value_words("", &span.value, self.lang);
            let proof = start_words(proof.value.as_str()?).in_lang(self.lang).to_owned();
            Some((span, proof))
        });
        match (self.lang, below) {
            (Lang::Fr, None) => "abonné identifié, aucune fenêtre ouverte".to_owned(),
            (Lang::En, None) => "subscriber identified, no open window".to_owned(),
            (Lang::Fr, Some((span, proof))) => {
                format!("fait nouveau dans les {span} suivant {proof}")
            }
            (Lang::En, Some((span, proof))) => format!("new fact within {span} of {proof}"),
        }
    }

    fn linking(&self, under: &str) -> Option<Line> {
        let mut line = self.line(&format!("{under}.linking.fields"))?;
        let value = |name: &str| self.version.values.get(&format!("{under}.linking.{name}"));
        let number = value("sequence").and_then(|row| row.value.as_i64()).unwrap_or_default();
        let named = value("names_works").is_some_and(|row| row.value == Value::Bool(true));
        let works = if named {
            self.say("œuvres nommées", "works named")
        } else {
            self.say("œuvres non nommées", "works not named")
        };
        line.label = match self.lang {
            Lang::Fr => format!("mise en relation n°\u{a0}{number}"),
            Lang::En => format!("linking no.\u{a0}{number}"),
        };
        line.value = format!("{} ; {works}", line.value);
        if self.lang == Lang::En {
            line.value = line.value.replace(" ;", ";");
        }
        Some(line)
    }

    /// One line per consequence of a letter that comes back, under the least sure of its readings.
    fn returned(&self, under: &str, stage: &StageFile) -> Vec<Line> {
        let reasons = stage.clock.iter().flat_map(|clock| clock.returned.keys());
        let mut lines: Vec<Line> = Vec::new();
        for reason in reasons {
            let path = format!("{under}.clock.returned.{reason}");
            let Some(in_force) = self.version.values.get(&path) else { continue };
            let value = value_words(&path, &in_force.value, self.lang);
            let reason = word(reason, self.lang);
            match lines.iter_mut().find(|line| line.value == value) {
                Some(line) => {
                    line.label = format!("{}, {reason}", line.label);
                    let now = line.citation.as_ref().map(|citation| citation.sure as u8);
                    if now < Some(in_force.citation.sure as u8) {
                        line.citation = Some(in_force.citation.clone());
                    }
                }
                None => lines.push(Line {
                    label: reason.to_owned(),
                    value,
                    citation: Some(in_force.citation.clone()),
                }),
            }
        }
        for line in &mut lines {
            line.label = match self.lang {
                Lang::Fr => format!("en cas de retour ({})", line.label),
                Lang::En => format!("if returned ({})", line.label),
            };
        }
        lines
    }

    fn deliberations(&self) -> Vec<Section> {
        let arrow = self.say(
            "observations reçues, délai écoulé ou audition tenue",
            "observations in, their time over, or hearing held",
        );
        let all = self.regime.file().deliberation.iter();
        all.map(|one| {
            let under = format!("deliberation.{}", one.id);
            let lines =
                self.lines(&under, &["decides", "decide_within", "outcomes", "outcome_within"]);
            self.plain(one.title.in_lang(self.lang), Some(arrow), lines)
        })
        .collect()
    }

    fn measures(&self) -> Section {
        let mut lines = Vec::new();
        for measure in &self.regime.file().measure {
            let under = format!("measure.{}", measure.id);
            let Some(mut head) = self.line(&format!("{under}.pronounced_by")) else {
                continue;
            };
            let rest = [
                "duration_max",
                "fine_euros_max",
                "appeal_within",
                "implement_within",
                "comply_within",
                "prescribed_after",
                "spares",
                "milder_law",
            ];
            let rest: Vec<String> = self
                .lines(&under, &rest)
                .iter()
                .map(|line| format!("{} {}", line.label, line.value))
                .collect();
            let title = measure.title.in_lang(self.lang);
            head.label = match measure.simulation {
                true => {
                    format!("{title} – {}", self.say("simulation seulement", "simulation only"))
                }
                false => title.to_owned(),
            };
            head.value = format!("{} · {}", head.value, rest.join(" · "));
            lines.push(head);
        }
        let arrow = self
            .say("transmission : seul un juge prononce", "transmission: only a court pronounces");
        self.plain(self.say("Mesures possibles", "Possible measures"), Some(arrow), lines)
    }

    /// How measures are followed until they are lifted, and the letter that comes back.
    fn execution(&self) -> Section {
        let names = [
            "enforceable_known_within",
            "appeal_decided_within",
            "notify_by",
            "notified_within",
            "confirmed_within",
            "postponement_decided_within",
            "end_watched_before",
            "lift_proven_within",
            "lift_given_up_after",
        ];
        let mut lines = self.lines("execution", &names);
        let returned = self.regime.file().execution.iter().flat_map(|file| file.returned.keys());
        for reason in returned {
            if let Some(mut line) = self.line(&format!("execution.returned.{reason}")) {
                let reason = word(reason, self.lang);
                line.label = match self.lang {
                    Lang::Fr => format!("en cas de retour ({reason})"),
                    Lang::En => format!("if returned ({reason})"),
                };
                lines.push(line);
            }
        }
        let arrow = self.say(
            "décision exécutoire : la personne d’abord, puis l’opérateur",
            "enforceable: the person first, then the provider",
        );
        let heading = self.say("Suivi des mesures", "How measures are followed");
        self.plain(heading, Some(arrow), lines)
    }

    fn retention(&self) -> Section {
        let file = self.regime.file();
        let mut lines = Vec::new();
        for row in &file.retention {
            let path = format!("retention.{}.{}.keep", row.data, row.after_stage);
            // What nobody can be subjected to any more is told by the rules of its own day.
            let lapsed = file.measure.iter().any(|measure| measure.id == row.after_stage)
                && !self.version.rules.measures.iter().any(|rule| rule.id == row.after_stage);
            if lapsed {
                continue;
            }
            let Some(mut line) = self.line(&path) else {
                continue;
            };
            let titles = file.stage.iter().map(|one| (&one.id, &one.title));
            let measures = file.measure.iter().map(|one| (&one.id, &one.title));
            let after = titles
                .chain(measures)
                .find(|(id, _)| **id == row.after_stage)
                .map(|(_, title)| format!(" ({})", title.in_lang(self.lang)));
            line.label = format!("{}{}", word(&row.data, self.lang), after.unwrap_or_default());
            let start = start_words(&row.starts_at);
            line.value = match self.lang {
                Lang::Fr => format!("{} à compter {}", line.value, of(&start.fr)),
                Lang::En => format!("{} from {}", line.value, start.en),
            };
            lines.push(line);
        }
        self.plain(self.say("Durées de conservation", "Retention"), None, lines)
    }

    fn duties(&self) -> Section {
        let mut lines = Vec::new();
        for duty in &self.regime.file().duty {
            let Some(mut line) = self.line(&format!("duty.{}.within", duty.id)) else { continue };
            let start = start_words(&duty.starts_at);
            line.label =
                format!("{} ({})", duty.title.in_lang(self.lang), word(&duty.who, self.lang));
            line.value = match self.lang {
                Lang::Fr => format!("{} à compter {}", line.value, of(&start.fr)),
                Lang::En => format!("{} from {}", line.value, start.en),
            };
            lines.push(line);
        }
        self.plain(self.say("Autres délais", "Other times"), None, lines)
    }
}
