//! Where each page of the portal is. No address holds a code, a name or a file number: a place of
//! the ledger is all that any of them names.

use entremise_core::deadline::Lang;

/// A page of the portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortalPlace {
    /// The file; without a session, where number and code are typed.
    File,
    Leave,
    Works,
    Observations,
    Challenge,
    Situation,
    Hearing,
    /// Where a measure is asked to be put off, by its place among the file's.
    Postponement(usize),
    /// Where an appeal is declared, by the same.
    Appeal(usize),
    /// The acknowledgement of one act, by its line of the ledger.
    Sent(u64),
    /// Its receipt, as a file.
    Receipt(u64),
    /// The answer to a challenge, by its line of the ledger.
    Answer(u64),
}

impl PortalPlace {
    pub fn path(self, lang: Lang) -> String {
        let file = match lang {
            Lang::Fr => "/fr/mon-dossier",
            Lang::En => "/en/my-file",
        };
        format!("{file}{}", self.under_file(lang))
    }

    /// The measure of a place, and what is sent there, by an address.
    pub fn of_measure(path: &str, lang: Lang) -> Option<Self> {
        let mut parts = path.strip_prefix(&Self::File.path(lang))?.split('/').skip(2);
        let measure: usize = parts.next()?.parse().ok()?;
        let places = [Self::Postponement(measure), Self::Appeal(measure)];
        places.into_iter().find(|place| place.path(lang) == path)
    }

    /// The route of the places that name a line or a measure, for the router.
    pub fn route(self, lang: Lang) -> String {
        match self {
            Self::Sent(_) | Self::Receipt(_) | Self::Answer(_) => {
                let path = self.path(lang);
                let (folder, _) = path.rsplit_once('/').unwrap_or_default();
                format!("{folder}/{{entry}}")
            }
            Self::Postponement(_) | Self::Appeal(_) => {
                self.path(lang).replacen("/0/", "/{measure}/", 1)
            }
            other => other.path(lang),
        }
    }

    fn under_file(self, lang: Lang) -> String {
        let (fr, en) = match self {
            Self::File => ("", ""),
            Self::Leave => ("/quitter", "/leave"),
            Self::Works => ("/oeuvres", "/works"),
            Self::Observations => ("/observations", "/observations"),
            Self::Challenge => ("/contestation", "/challenge"),
            Self::Situation => ("/situation", "/situation"),
            Self::Hearing => ("/audition", "/hearing"),
            Self::Postponement(measure) => {
                let act = word(lang, "report", "postponement");
                return format!("/{}/{measure}/{act}", word(lang, "mesure", "measure"));
            }
            Self::Appeal(measure) => {
                let act = word(lang, "appel", "appeal");
                return format!("/{}/{measure}/{act}", word(lang, "mesure", "measure"));
            }
            Self::Sent(entry) => return format!("/{}/{entry}", word(lang, "accuse", "sent")),
            Self::Receipt(entry) => return format!("/{}/{entry}", word(lang, "recu", "receipt")),
            Self::Answer(entry) => return format!("/{}/{entry}", word(lang, "reponse", "answer")),
        };
        word(lang, fr, en).to_owned()
    }
}

fn word<'w>(lang: Lang, fr: &'w str, en: &'w str) -> &'w str {
    match lang {
        Lang::Fr => fr,
        Lang::En => en,
    }
}
