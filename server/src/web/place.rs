//! Where each page is, in each language. The only file, with the reviewers' own
//! (`review/place.rs`) and those of the other desks (`seat_place.rs`), that writes or reads an
//! address of a page.

use entremise_core::deadline::Lang;

use super::measure::ActKind;
use super::portal::place::PortalPlace;
use super::review::place::ReviewPlace;
use super::seat_place::SeatPlace;

/// A page, without its language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Home,
    Check,
    /// Where the receipt of a message is fetched; takes a form only.
    Receipt,
    Accessibility,
    SignIn,
    /// Where a browser is sent to the provider of identities.
    SignInWith,
    /// Where it comes back from there.
    SignInReturn,
    /// Where one comes in with a passkey.
    SignInKey,
    /// Where a passkey is registered with a code.
    RegisterKey,
    /// Where the passkey itself is sent to.
    KeepKey,
    SignOut,
    Work,
    Alarm,
    Case(String),
    Decision(String),
    /// Where a member asks a reviewer about a case.
    Authorisation(String),
    /// The receipt of one line of a case's history, by its place in the ledger.
    Line(String, String),
    /// What the person behind a case may ask.
    Rights(String),
    /// Where what a provider disclosed is mended.
    Rectification(String),
    /// Where the erasure that the person asks for is confirmed.
    Erasure(String),
    /// The person's side of a case.
    Defence(String),
    /// Where a member deliberates on a case.
    Deliberation(String),
    /// A decision as a file to be signed.
    DeliberationFile(String),
    /// Where a signed decision comes back.
    DeliberationSigned(String),
    /// Where a passkey's signature on a decision is sent to.
    DeliberationKey(String),
    /// Where a person's challenge is answered.
    Challenge(String),
    /// Where a challenge that came by post is entered.
    PostedChallenge(String),
    /// What the person handed in.
    Papers(String),
    /// What was asked of senders and providers on a case, and the house's notes.
    Messages(String),
    /// Where a person says that they look after a case.
    Charge(String),
    /// When persons can be heard.
    Slots,
    /// The open measures.
    Measures,
    /// One measure, by its own number.
    Measure(String),
    /// Where one thing is entered about a measure.
    MeasureAct(String, ActKind),
    /// Where a suspended person is put on the register.
    MeasureRegister(String),
    /// A page of the person concerned.
    Portal(PortalPlace),
    /// A page of the reviewers' desk.
    Review(ReviewPlace),
    /// A page of the members', senders', providers' or operators' desk.
    Seat(SeatPlace),
    Oversight,
    /// The yearly report, in the form its file ending names.
    Report(&'static str),
    Samples,
    Sample(String),
    /// A notice of a sample, by its place in it.
    Sampled(String, String),
}

impl Place {
    /// The page's path. File numbers are this house's own words and stay readable; whatever is no
    /// plain character is percent-encoded, so a hostile number can't leave its segment.
    pub fn path(&self, lang: Lang) -> String {
        match (self, lang) {
            (Self::Home, Lang::Fr) => "/fr".to_owned(),
            (Self::Home, Lang::En) => "/en".to_owned(),
            (Self::Check, Lang::Fr) => "/fr/verifier".to_owned(),
            (Self::Check, Lang::En) => "/en/check".to_owned(),
            (Self::Receipt, Lang::Fr) => "/fr/verifier/recu".to_owned(),
            (Self::Receipt, Lang::En) => "/en/check/receipt".to_owned(),
            (Self::Accessibility, Lang::Fr) => "/fr/accessibilite".to_owned(),
            (Self::Accessibility, Lang::En) => "/en/accessibility".to_owned(),
            (Self::SignIn, Lang::Fr) => "/fr/connexion".to_owned(),
            (Self::SignIn, Lang::En) => "/en/sign-in".to_owned(),
            (Self::SignInWith, Lang::Fr) => "/fr/connexion/agent".to_owned(),
            (Self::SignInWith, Lang::En) => "/en/sign-in/agent".to_owned(),
            (Self::SignInReturn, Lang::Fr) => "/fr/connexion/retour".to_owned(),
            (Self::SignInReturn, Lang::En) => "/en/sign-in/return".to_owned(),
            (Self::SignInKey, Lang::Fr) => "/fr/connexion/cle".to_owned(),
            (Self::SignInKey, Lang::En) => "/en/sign-in/key".to_owned(),
            (Self::RegisterKey, Lang::Fr) => "/fr/connexion/inscription".to_owned(),
            (Self::RegisterKey, Lang::En) => "/en/sign-in/register".to_owned(),
            (Self::KeepKey, Lang::Fr) => "/fr/connexion/inscription/cle".to_owned(),
            (Self::KeepKey, Lang::En) => "/en/sign-in/register/key".to_owned(),
            (Self::SignOut, Lang::Fr) => "/fr/deconnexion".to_owned(),
            (Self::SignOut, Lang::En) => "/en/sign-out".to_owned(),
            (Self::Work, Lang::Fr) => "/fr/bureau".to_owned(),
            (Self::Work, Lang::En) => "/en/office".to_owned(),
            (Self::Alarm, Lang::Fr) => "/fr/bureau/alarme".to_owned(),
            (Self::Alarm, Lang::En) => "/en/office/alarm".to_owned(),
            (
                Self::Case(reference)
                | Self::Decision(reference)
                | Self::Authorisation(reference)
                | Self::Rights(reference)
                | Self::Rectification(reference)
                | Self::Erasure(reference)
                | Self::Challenge(reference)
                | Self::PostedChallenge(reference)
                | Self::Papers(reference)
                | Self::Charge(reference)
                | Self::Messages(reference)
                | Self::Defence(reference)
                | Self::Deliberation(reference)
                | Self::DeliberationFile(reference)
                | Self::DeliberationKey(reference)
                | Self::DeliberationSigned(reference),
                lang,
            ) => format!("{}{}", case(reference, lang), self.under_case(lang)),
            (Self::Line(reference, entry), lang) => {
                let ledger = if lang == Lang::Fr { "registre" } else { "ledger" };
                format!("{}/{ledger}/{}", case(reference, lang), encoded(entry))
            }
            (Self::Slots, Lang::Fr) => "/fr/bureau/creneaux".to_owned(),
            (Self::Slots, Lang::En) => "/en/office/hearings".to_owned(),
            (
                Self::Measures | Self::Measure(_) | Self::MeasureAct(..) | Self::MeasureRegister(_),
                lang,
            ) => self.of_measures(lang),
            (Self::Portal(place), lang) => place.path(lang),
            (Self::Review(place), lang) => place.path(lang),
            (Self::Seat(place), lang) => place.path(lang),
            (
                Self::Oversight
                | Self::Report(_)
                | Self::Samples
                | Self::Sample(_)
                | Self::Sampled(..),
                lang,
            ) => self.of_oversight(lang),
        }
    }

    /// The path of a page of those who watch.
    fn of_oversight(&self, lang: Lang) -> String {
        match (self, lang) {
            (Self::Report(ending), Lang::Fr) => format!("/fr/controle/rapport.{ending}"),
            (Self::Report(ending), Lang::En) => format!("/en/oversight/report.{ending}"),
            (Self::Samples, Lang::Fr) => "/fr/controle/echantillons".to_owned(),
            (Self::Samples, Lang::En) => "/en/oversight/samples".to_owned(),
            (Self::Sample(id), lang) => {
                format!("{}/{}", Self::Samples.of_oversight(lang), encoded(id))
            }
            (Self::Sampled(id, place), lang) => {
                format!("{}/{}", Self::Sample(id.clone()).of_oversight(lang), encoded(place))
            }
            (_, Lang::Fr) => "/fr/controle".to_owned(),
            (_, Lang::En) => "/en/oversight".to_owned(),
        }
    }

    /// The path of a page about measures.
    fn of_measures(&self, lang: Lang) -> String {
        let one = |reference: &str| match lang {
            Lang::Fr => format!("/fr/bureau/mesure/{}", encoded(reference)),
            Lang::En => format!("/en/office/measure/{}", encoded(reference)),
        };
        match (self, lang) {
            (Self::Measure(reference), _) => one(reference),
            (Self::MeasureRegister(reference), Lang::Fr) => {
                format!("{}/repertoire", one(reference))
            }
            (Self::MeasureRegister(reference), Lang::En) => format!("{}/register", one(reference)),
            (Self::MeasureAct(reference, kind), lang) => {
                let (fr, en) = kind.addresses();
                format!("{}/{}", one(reference), if lang == Lang::Fr { fr } else { en })
            }
            (_, Lang::Fr) => "/fr/bureau/mesures".to_owned(),
            (_, Lang::En) => "/en/office/measures".to_owned(),
        }
    }

    /// The rest of the path of a page about one case.
    fn under_case(&self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Decision(_), _) => "/decision",
            (Self::Authorisation(_), Lang::Fr) => "/autorisation",
            (Self::Authorisation(_), Lang::En) => "/authorisation",
            (Self::Rights(_), Lang::Fr) => "/droits",
            (Self::Rights(_), Lang::En) => "/rights",
            (Self::Rectification(_), Lang::Fr) => "/droits/rectification",
            (Self::Rectification(_), Lang::En) => "/rights/rectification",
            (Self::Erasure(_), Lang::Fr) => "/droits/effacement",
            (Self::Erasure(_), Lang::En) => "/rights/erasure",
            (Self::Challenge(_), Lang::Fr) => "/contestation",
            (Self::Challenge(_), Lang::En) => "/challenge",
            (Self::PostedChallenge(_), Lang::Fr) => "/contestation/courrier",
            (Self::PostedChallenge(_), Lang::En) => "/challenge/post",
            (Self::Papers(_), _) => "/documents",
            (Self::Messages(_), _) => "/messages",
            (Self::Charge(_), Lang::Fr) => "/prise-en-charge",
            (Self::Charge(_), Lang::En) => "/charge",
            (Self::Defence(_), Lang::Fr) => "/contradictoire",
            (Self::Defence(_), Lang::En) => "/defence",
            (Self::Deliberation(_), _) => "/deliberation",
            (Self::DeliberationFile(_), Lang::Fr) => "/deliberation/a-signer",
            (Self::DeliberationFile(_), Lang::En) => "/deliberation/to-sign",
            (Self::DeliberationKey(_), Lang::Fr) => "/deliberation/cle",
            (Self::DeliberationKey(_), Lang::En) => "/deliberation/key",
            (Self::DeliberationSigned(_), Lang::Fr) => "/deliberation/signee",
            (Self::DeliberationSigned(_), Lang::En) => "/deliberation/signed",
            _ => "",
        }
    }
}

fn case(reference: &str, lang: Lang) -> String {
    let cases = match lang {
        Lang::Fr => "/fr/bureau/dossier",
        Lang::En => "/en/office/case",
    };
    format!("{cases}/{}", encoded(reference))
}

/// The other language.
pub fn other(lang: Lang) -> Lang {
    match lang {
        Lang::Fr => Lang::En,
        Lang::En => Lang::Fr,
    }
}

/// The BCP 47 tag.
pub fn tag(lang: Lang) -> &'static str {
    match lang {
        Lang::Fr => "fr",
        Lang::En => "en",
    }
}

/// The language of a path that has one.
pub fn of_path(path: &str) -> Option<Lang> {
    match path.split('/').nth(1) {
        Some("fr") => Some(Lang::Fr),
        Some("en") => Some(Lang::En),
        _ => None,
    }
}

/// The language a browser prefers; French where it asks for neither.
pub fn preferred(accept_language: Option<&str>) -> Lang {
    let weight = |wanted: &str| {
        accept_language
            .unwrap_or_default()
            .split(',')
            .filter_map(|range| {
                let mut parts = range.split(';');
                let tag = parts.next()?.trim().to_ascii_lowercase();
                let fits = tag == wanted || tag.starts_with(&format!("{wanted}-"));
                let quality = parts.find_map(|part| part.trim().strip_prefix("q=")?.parse().ok());
                fits.then(|| quality.unwrap_or(1.0_f32))
            })
            .fold(0.0, f32::max)
    };
    if weight("en") > weight("fr") { Lang::En } else { Lang::Fr }
}

/// Percent-encodes all but the unreserved characters of RFC 3986 §2.3.
pub fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut path, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
        path
    })
}
