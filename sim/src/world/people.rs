//! The subscribers of the world: invented names at invented addresses, with a mailbox and a
//! letter box that behave as such things do, and a habit of sharing or none.

use crate::chance::Chance;
use crate::world::truth::SubscriberNumber;

const FIRST_NAMES: [&str; 40] = [
    "Adèle",
    "Baptiste",
    "Capucine",
    "Damien",
    "Éloïse",
    "Fabien",
    "Garance",
    "Hippolyte",
    "Inès",
    "Joachim",
    "Katell",
    "Léonie",
    "Maxence",
    "Noémie",
    "Octave",
    "Pauline",
    "Quentin",
    "Rosalie",
    "Séverin",
    "Tiphaine",
    "Ugo",
    "Violette",
    "Wassila",
    "Xavier",
    "Yasmine",
    "Zacharie",
    "Anatole",
    "Bérénice",
    "Côme",
    "Daphné",
    "Émilien",
    "Faustine",
    "Gaspard",
    "Héloïse",
    "Ismaël",
    "Jeanne",
    "Lazare",
    "Mahaut",
    "Nour",
    "Oscar",
];

const SURNAMES: [&str; 40] = [
    "Aubépin",
    "Boisclair",
    "Chantepie",
    "Dumoulinet",
    "Esparbès",
    "Fontaube",
    "Grandchêne",
    "Hautecombe",
    "Issartel",
    "Jolivault",
    "Kerlaouen",
    "Lavignasse",
    "Malbrouk",
    "Noirétable",
    "Ormesson-Prat",
    "Peyrelongue",
    "Quatrevaux",
    "Rochebelle",
    "Sauveterrat",
    "Tournemire",
    "Urtubise",
    "Valombreuse",
    "Wattignolle",
    "Xaintraille",
    "Yvrandier",
    "Zélinault",
    "Beauregardin",
    "Clairefontet",
    "Desmaréchaux",
    "Étangvert",
    "Fleurigand",
    "Garrigou-Lat",
    "Hurtevent",
    "Jasseron",
    "Lespinoux",
    "Montrevert",
    "Nivolas",
    "Puychevrier",
    "Rieumard",
    "Troussevel",
];

const STREETS: [&str; 16] = [
    "rue des Trois-Spécimens",
    "allée du Modem",
    "avenue de la Fibre",
    "place de l’Épreuve",
    "chemin des Paquets",
    "impasse du Port-Fermé",
    "boulevard de la Liaison",
    "rue du Bail-Long",
    "quai des Adresses",
    "sentier du Préfixe",
    "cours de l’Essai",
    "rue de la Trame",
    "villa des Horloges",
    "passage du Relais",
    "rue aux Registres",
    "square de l’Enveloppe",
];

/// Towns and postcodes that exist nowhere.
const TOWNS: [&str; 10] = [
    "00110 SPECIMEN-SUR-LOIRE",
    "00120 EXEMPLE-LES-BAINS",
    "00130 FICTIVILLE",
    "00140 MODELE-EN-VEXIN",
    "00150 SAINT-SPECIMEN",
    "00160 ESSAI-LE-VIEUX",
    "00170 MAQUETTE-PLAGE",
    "00180 EPREUVE-SUR-MER",
    "00190 VAL-DE-CITATION",
    "00210 PORT-SPECIMEN",
];

/// What becomes of a mail to this person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mailbox {
    /// The provider knows no mail address.
    None,
    Delivers,
    /// The relay says at once that there is no such mailbox.
    Unknown,
    /// Taken, and returned as undeliverable later.
    BouncesLater,
    /// Taken, told to be late, and delivered in the end.
    Delayed,
    /// Refused for a while, then taken.
    Greylisted,
    /// Delivered, and answered by a machine.
    AutoReplies,
}

/// What becomes of a registered letter to this person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letterbox {
    Signs,
    Refuses,
    NeverCollects,
    HasMoved,
    /// The first letter is lost on its way, the second arrives.
    LosesOne,
}

/// Whether and how obstinately a line is used for sharing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Habit {
    /// Days of a thousand on which somebody shares and is seen.
    pub days_per_mille: u64,
    /// Chances of a thousand that a warning ends it.
    pub listens_per_mille: u64,
}

/// One subscriber.
#[derive(Clone, Debug)]
pub struct Subscriber {
    pub number: SubscriberNumber,
    /// Place of the provider in the world's list.
    pub provider: usize,
    /// The account name in the provider's logs and directory.
    pub account: String,
    pub name: String,
    /// Six AFNOR lines at most, the name not among them.
    pub address: Vec<String>,
    pub email: Option<String>,
    pub mailbox: Mailbox,
    pub letterbox: Letterbox,
    pub habit: Habit,
}

/// Makes one subscriber. `account` is how the provider's logs name the line.
pub fn subscriber(
    number: SubscriberNumber,
    provider: usize,
    account: String,
    domain: &str,
    chance: &mut Chance,
) -> Subscriber {
    let (first, last) = (*chance.pick(&FIRST_NAMES), *chance.pick(&SURNAMES));
    let mailbox = mailbox(chance);
    let email = (mailbox != Mailbox::None)
        .then(|| format!("{}.{}{number}@{domain}", plain(first), plain(last)));
    Subscriber {
        number,
        provider,
        account,
        name: format!("{first} {last}"),
        address: address(chance),
        email,
        mailbox,
        letterbox: letterbox(chance),
        habit: habit(chance),
    }
}

fn address(chance: &mut Chance) -> Vec<String> {
    let mut lines = Vec::new();
    if chance.per_mille(400) {
        lines.push(format!("Appartement {}, escalier B", 1 + chance.below(60)));
    }
    lines.push(format!("{} {}", 1 + chance.below(120), chance.pick(&STREETS)));
    lines.push((*chance.pick(&TOWNS)).to_owned());
    lines
}

fn mailbox(chance: &mut Chance) -> Mailbox {
    match chance.below(100) {
        0..9 => Mailbox::None,
        9..14 => Mailbox::Unknown,
        14..22 => Mailbox::BouncesLater,
        22..27 => Mailbox::Delayed,
        27..37 => Mailbox::Greylisted,
        37..44 => Mailbox::AutoReplies,
        _ => Mailbox::Delivers,
    }
}

fn letterbox(chance: &mut Chance) -> Letterbox {
    match chance.below(100) {
        0..8 => Letterbox::Refuses,
        8..24 => Letterbox::NeverCollects,
        24..32 => Letterbox::HasMoved,
        32..36 => Letterbox::LosesOne,
        _ => Letterbox::Signs,
    }
}

/// Most lines share nothing; of those that do most stop once warned, a few never do.
fn habit(chance: &mut Chance) -> Habit {
    let (days_per_mille, listens_per_mille) = match chance.below(100) {
        0..55 => (0, 1000),
        55..80 => (25, 800),
        80..92 => (70, 650),
        92..97 => (120, 250),
        _ => (110, 0),
    };
    Habit { days_per_mille, listens_per_mille }
}

/// Letters a mail address may hold.
fn plain(name: &str) -> String {
    name.chars()
        .filter_map(|sign| match sign.to_lowercase().next()? {
            'é' | 'è' | 'ê' | 'ë' => Some('e'),
            'ï' | 'î' => Some('i'),
            'ô' => Some('o'),
            'à' => Some('a'),
            sign => sign.is_ascii_alphabetic().then_some(sign),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_fits_the_window_of_an_envelope_and_every_mail_address_a_relay() {
        let mut chance = Chance::new(1);
        for number in 0..500 {
            let somebody = subscriber(number, 0, String::new(), "fibre.example", &mut chance);
            assert!(somebody.name.chars().count() <= 38);
            assert!(somebody.address.len() <= 5);
            assert!(somebody.address.iter().all(|line| line.chars().count() <= 38));
            let email = somebody.email.unwrap_or_default();
            assert!(email.is_ascii() && !email.contains(' '));
        }
    }
}
