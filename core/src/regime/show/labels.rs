//! The words of a regime file in French and English, for people.

use serde_json::Value;

use crate::deadline::{Lang, span_words, start_words};
use crate::regime::Regime;
use crate::regime::rules::Span;

/// No line may begin with a sign of punctuation: the blanks that French sets do not break.
pub(crate) fn typeset(text: &str) -> String {
    text.replace(" ;", "\u{202f};")
        .replace(" :", "\u{a0}:")
        .replace("« ", "«\u{a0}")
        .replace(" »", "\u{a0}»")
        .replace("n° ", "n°\u{a0}")
}

/// A value in words, with its unit. `path` says what it is a value of.
pub(crate) fn value_words(path: &str, value: &Value, lang: Lang) -> String {
    match value {
        Value::Bool(yes) => match (yes, lang) {
            (true, Lang::Fr) => "oui",
            (true, Lang::En) => "yes",
            (false, Lang::Fr) => "non",
            (false, Lang::En) => "no",
        }
        .to_owned(),
        Value::Number(number) => {
            let count = number.as_i64().map_or_else(|| number.to_string(), |n| grouped(n, lang));
            format!("{count}{}", unit(path, lang))
        }
        Value::String(text) if path.ends_with("starts_at") => {
            start_words(text).in_lang(lang).to_owned()
        }
        Value::String(text) => word(text, lang).to_owned(),
        Value::Array(list) => {
            let all: Vec<_> = list.iter().map(|value| value_words(path, value, lang)).collect();
            all.join(", ")
        }
        Value::Object(_) => serde_json::from_value::<Span>(value.clone())
            .map_or_else(|_| value.to_string(), |span| span_words(span, lang)),
        Value::Null => "–".to_owned(),
    }
}

/// `25 000` in French (narrow no-break space), `25,000` in English.
fn grouped(number: i64, lang: Lang) -> String {
    let digits = number.to_string();
    let separator = match lang {
        Lang::Fr => '\u{202f}',
        Lang::En => ',',
    };
    let mut text = String::new();
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

fn unit(path: &str, lang: Lang) -> &'static str {
    let name = path.rsplit('.').next().unwrap_or(path);
    match (name, lang) {
        ("notices_per_day_max", Lang::Fr) => " par jour et par saisissant",
        ("notices_per_day_max", Lang::En) => " a day and sender",
        ("clock_error_ms_max", _) => "\u{a0}ms",
        ("future_tolerance_secs", Lang::Fr) => " secondes",
        ("future_tolerance_secs", Lang::En) => " seconds",
        ("batch_addresses_max", Lang::Fr) => " adresses par liste",
        ("batch_addresses_max", Lang::En) => " addresses a list",
        ("breach_fine_euros" | "fine_euros_max", _) => "\u{a0}€",
        _ => "",
    }
}

/// A word of a closed list. One that is not in the table is shown as it stands.
pub(crate) fn word(name: &str, lang: Lang) -> &str {
    let found = WORDS.iter().find(|(known, ..)| *known == name);
    match (found, lang) {
        (Some((_, fr, _)), Lang::Fr) => fr,
        (Some((_, _, en)), Lang::En) => en,
        (None, _) => name,
    }
}

/// What a value is, from the last words of its path: `délai de réponse`.
pub(crate) fn name_words(path: &str, lang: Lang) -> &str {
    let name = path.rsplit('.').next().unwrap_or(path);
    let found = NAMES.iter().find(|(known, ..)| *known == name);
    match (found, lang) {
        (Some((_, fr, _)), Lang::Fr) => fr,
        (Some((_, _, en)), Lang::En) => en,
        (None, _) => word(name, lang),
    }
}

/// The whole path in words: `Première recommandation, délai de réitération`.
pub(crate) fn path_words(regime: &Regime, path: &str, lang: Lang) -> String {
    let file = regime.file();
    let parts: Vec<&str> = path.split('.').collect();
    let own = |id: &str| {
        let stages = file.stage.iter().map(|one| (&one.id, &one.title));
        let measures = file.measure.iter().map(|one| (&one.id, &one.title));
        let deliberations = file.deliberation.iter().map(|one| (&one.id, &one.title));
        let duties = file.duty.iter().map(|one| (&one.id, &one.title));
        let mut all = stages.chain(measures).chain(deliberations).chain(duties);
        all.find(|(known, _)| *known == id).map(|(_, title)| title.in_lang(lang).to_owned())
    };
    match parts.as_slice() {
        ["stage" | "measure" | "deliberation" | "duty", id, .., last] => {
            let title = own(id).unwrap_or_else(|| (*id).to_owned());
            let name = name_words(path, lang);
            match (parts.contains(&"returned"), lang) {
                (true, Lang::Fr) => format!("{title}, lettre revenue ({})", word(last, lang)),
                (true, Lang::En) => format!("{title}, letter returned ({})", word(last, lang)),
                _ => format!("{title}, {name}"),
            }
        }
        ["retention", data, after, _] => {
            let after = own(after).unwrap_or_else(|| word(after, lang).to_owned());
            match lang {
                Lang::Fr => format!("Conservation, {} ({after})", word(data, lang)),
                Lang::En => format!("Retention, {} ({after})", word(data, lang)),
            }
        }
        ["intake", ..] if parts.contains(&"facts_at_most") => match lang {
            Lang::Fr => format!("Saisine, âge des faits ({})", name_words(path, lang)),
            Lang::En => format!("Referral, age of the facts ({})", name_words(path, lang)),
        },
        ["review", ..] => match lang {
            Lang::Fr => format!("Contrôle préalable, {}", name_words(path, lang)),
            Lang::En => format!("Prior review, {}", name_words(path, lang)),
        },
        ["challenge", ..] => match lang {
            Lang::Fr => format!("Contestation, {}", name_words(path, lang)),
            Lang::En => format!("Challenge, {}", name_words(path, lang)),
        },
        ["intake", ..] => match lang {
            Lang::Fr => format!("Saisine, {}", name_words(path, lang)),
            Lang::En => format!("Referral, {}", name_words(path, lang)),
        },
        ["provider", ..] => match lang {
            Lang::Fr => format!("Opérateur, {}", name_words(path, lang)),
            Lang::En => format!("Provider, {}", name_words(path, lang)),
        },
        [head, ..] => format!("{}, {}", word(head, lang), name_words(path, lang)),
        [] => String::new(),
    }
}

/// Wire name, French, English.
const WORDS: &[(&str, &str, &str)] = &[
    ("none", "aucun", "none"),
    ("provider", "opérateur", "provider"),
    ("sender", "saisissant", "sender"),
    ("authority", "autorité", "authority"),
    // senders
    ("rights_holder_body", "organisme de défense des ayants droit", "rights holders’ body"),
    ("prosecutor", "procureur de la République", "prosecutor"),
    ("bailiff_report", "constat d’huissier pour un ayant droit", "bailiff’s report"),
    ("agency", "agence publique", "public agency"),
    // classes of notice
    ("copyright", "droit d’auteur", "copyright"),
    ("infrastructure", "machine compromise", "compromised machine"),
    // fields of a notice
    ("observed_at", "date et heure des faits", "date and time of the facts"),
    ("source_ip", "adresse IP", "IP address"),
    ("source_port", "port associé", "its port"),
    ("transport", "protocole de transport", "transport protocol"),
    ("protocol", "protocole pair à pair", "peer-to-peer protocol"),
    ("work", "œuvre protégée", "protected work"),
    ("sworn_agent", "agent assermenté", "sworn agent"),
    ("standing", "déclaration sur l’honneur de la qualité à agir", "declaration of standing"),
    ("clock", "horloge qualifiée", "qualified clock"),
    ("mandate", "mandat", "mandate"),
    // persons, gates
    ("member", "le membre de l’Autorité", "the Authority’s member"),
    ("court", "le juge", "a court"),
    ("ends", "fait cesser ce qui n’est pas exécuté", "ends what is not carried out"),
    ("ends_and_shortens", "fait cesser ou abrège", "ends or shortens it"),
    (
        "reviewer_authorisation",
        "autorisation préalable d’un juge ou d’un organe indépendant",
        "prior authorisation by a court or an independent body",
    ),
    ("barred", "aucune voie légale", "no lawful way"),
    // what a reviewer sees
    ("facts_dates", "dates des faits", "dates of the facts"),
    ("works", "œuvres", "works"),
    ("earlier_steps", "étapes précédentes et leurs preuves", "earlier steps and their proofs"),
    ("ground", "motif de la demande", "ground of the request"),
    // a challenge
    ("alarm", "alerte : une personne doit répondre encore", "an alarm: a person must answer still"),
    ("annulled", "le message tombe", "the message falls"),
    ("goes_on", "la procédure suit son cours", "the procedure goes on"),
    ("stands_still", "aucune étape n’est franchie", "no further step is taken"),
    // lived by or tried
    ("live", "en application", "lived by"),
    ("pilot", "essai : rien ne sort", "trial: nothing leaves"),
    // channels
    ("email", "courriel", "e-mail"),
    ("letter", "lettre simple", "simple letter"),
    ("registered_letter", "lettre remise contre signature", "letter against signature"),
    // identity
    ("name", "nom", "name"),
    ("postal_address", "adresse postale", "postal address"),
    ("telephone", "téléphone", "telephone"),
    ("line_address", "adresse de l’installation", "address of the line"),
    ("disclosure", "l’opérateur donne les coordonnées", "the provider discloses"),
    ("relay", "l’opérateur achemine lui-même", "the provider relays"),
    ("warn", "avertir", "to warn"),
    ("finding", "constater", "to make a finding"),
    // what a message says
    ("case_number", "numéro de dossier", "file number"),
    ("facts_date", "date et heure des faits", "date and time of the facts"),
    ("works_named", "contenu des œuvres", "the works concerned"),
    ("works_on_request", "œuvres sur demande expresse", "works on express request"),
    ("duty_reminder", "rappel de L336-3", "reminder of L336-3"),
    ("injunction", "injonction de s’y conformer", "injunction to comply"),
    ("sanctions", "sanctions encourues", "sanctions"),
    ("legal_offers", "offre légale", "legal offers"),
    ("security_means", "moyens de sécurisation", "means of securing"),
    ("harm_to_creation", "dangers pour la création", "harm to creation"),
    ("contact_postal", "adresse postale de contact", "postal contact"),
    ("contact_electronic", "adresse électronique de contact", "electronic contact"),
    ("contact_telephone", "téléphone de contact", "telephone contact"),
    ("may_be_prosecuted", "faits susceptibles de poursuites", "the facts may be prosecuted"),
    ("observations_window", "délai d’observations", "time for observations"),
    ("hearing_with_counsel", "audition, avec conseil", "hearing, with counsel"),
    ("personal_situation_asked", "charges et ressources demandées", "means and charges asked"),
    // letters that come back
    ("refused", "refusée", "refused"),
    ("unclaimed", "non réclamée", "unclaimed"),
    ("unknown_address", "inconnu à l’adresse", "unknown at the address"),
    ("deceased", "destinataire décédé", "addressee deceased"),
    ("lost", "perdue", "lost"),
    ("counts_as_presented", "vaut présentation", "counts as presented"),
    ("not_notified", "non notifié, dossier clos", "not notified, case ends"),
    ("send_again", "renvoyée une fois", "sent once more"),
    ("close", "clore le dossier", "close the case"),
    ("transmit", "transmettre au parquet", "transmit to the prosecutor"),
    // measures, retention
    ("telephony", "téléphone", "telephone"),
    ("television", "télévision", "television"),
    ("collector", "relevés du saisissant", "the sender’s own records"),
    ("referral", "saisine sans recommandation", "referral without warning"),
    ("file", "dossier", "file"),
    ("transmitted", "transmis au parquet", "sent to the prosecutor"),
    ("judged", "issue judiciaire connue", "outcome known"),
    ("identity", "identité", "identity"),
];

/// Last word of a path, French, English.
const NAMES: &[(&str, &str, &str)] = &[
    ("mode", "le régime est", "the regime is"),
    ("classes", "objet", "subject"),
    ("notices_per_day_max", "plafond", "quota"),
    ("must_carry", "mentions exigées", "must carry"),
    ("clock_error_ms_max", "erreur d’horloge admise", "clock error admitted"),
    ("future_tolerance_secs", "avance d’horloge tolérée", "clock may be ahead by"),
    ("answers_within", "répond dans les", "answers within"),
    ("relays_within", "achemine dans les", "relays within"),
    (
        "taken_over_within",
        "alerte si une lettre simple n’est pas prise en charge dans les",
        "alarm if a simple letter is not taken over within",
    ),
    (
        "presented_within",
        "alerte si un recommandé n’est pas présenté dans les",
        "alarm if a registered letter is not presented within",
    ),
    ("batch_addresses_max", "taille des listes", "size of lists"),
    ("breach_fine_euros", "amende par manquement", "fine for a breach"),
    ("received_within", "reçue dans les", "received within"),
    ("answered_within", "réponse dans les", "answered within"),
    ("unanswered", "sans réponse à temps", "without an answer in time"),
    ("meanwhile", "entre-temps", "in the meantime"),
    ("decides", "décide", "decided by"),
    ("decide_within", "alerte si non décidé dans les", "alarm if undecided after"),
    ("gate", "condition préalable", "condition"),
    ("grant_valid_for", "autorisation utilisable pendant", "a grant may be used for"),
    ("shows", "pièces soumises au contrôle", "put before the reviewer"),
    ("channels", "envoi par", "sent by"),
    ("fallback", "à défaut", "failing that"),
    ("must_say", "le message énonce", "the message says"),
    ("means", "moyen d’atteindre l’abonné", "how the subscriber is reached"),
    ("purpose", "but de la mise en relation", "purpose of the linking"),
    ("sequence", "rang de la mise en relation", "number of the linking"),
    ("fields", "données demandées", "data asked for"),
    ("names_works", "le message nomme les œuvres", "the message names the works"),
    ("starts_at", "l’horloge part de", "the clock starts at"),
    ("repeat_within", "fait nouveau pris dans les", "a new fact counts within"),
    ("returned", "lettre revenue", "returned letter"),
    ("observations_within", "observations dans les", "observations within"),
    ("hearing", "audition", "hearing"),
    ("counsel", "assistance d’un conseil", "with counsel"),
    ("convene_within", "alerte si non convoquée dans les", "alarm if not convened within"),
    ("record_within", "alerte sans procès-verbal dans les", "alarm if unrecorded after"),
    ("outcomes", "issues", "outcomes"),
    ("outcome_within", "alerte si l’issue reste inconnue après", "alarm if no outcome after"),
    ("pronounced_by", "prononcée par", "pronounced by"),
    ("duration_max", "durée maximale", "at most"),
    ("fine_euros_max", "montant maximal", "at most"),
    ("appeal_within", "appel ouvert pendant", "may be appealed for"),
    ("implement_within", "appliquée dans les", "applied within"),
    ("comply_within", "à suivre dans les", "to be complied with within"),
    ("prescribed_after", "prescrite après", "prescribed after"),
    ("milder_law", "une loi plus douce", "a milder law"),
    ("notify_by", "la personne est notifiée par", "the person is notified by"),
    (
        "enforceable_known_within",
        "alerte si le greffe n’a rien dit dans les",
        "alarm if the registry said nothing within",
    ),
    (
        "appeal_decided_within",
        "alerte si l’appel reste sans issue après",
        "alarm if an appeal has no outcome after",
    ),
    ("notified_within", "alerte si non présentée dans les", "alarm if not presented within"),
    (
        "confirmed_within",
        "alerte si l’opérateur n’a pas confirmé dans les",
        "alarm if the provider did not confirm within",
    ),
    ("end_watched_before", "fin surveillée dès", "the end is watched from"),
    ("lift_proven_within", "alerte sans preuve de levée après", "alarm if not proven lifted after"),
    ("lift_given_up_after", "preuve attendue au plus", "the proof is awaited at most"),
    (
        "postponement_decided_within",
        "alerte si le report n’est pas tranché dans les",
        "alarm if a postponement is undecided after",
    ),
    ("spares", "épargne", "spares"),
    ("keep", "conservé", "kept"),
    ("within", "délai", "time"),
];
