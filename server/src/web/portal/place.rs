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

    /// The route of the places that name a line, for the router.
    pub fn route(self, lang: Lang) -> String {
        match self {
            Self::Sent(_) | Self::Receipt(_) | Self::Answer(_) => {
                let path = self.path(lang);
                let (folder, _) = path.rsplit_once('/').unwrap_or_default();
                format!("{folder}/{{entry}}")
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
