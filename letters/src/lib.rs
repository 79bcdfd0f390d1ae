//! Letters and mails as data: what a warning says, set as an archivable, accessible PDF and as a
//! mail's two texts.
//!
//! The wording lies beside the regime (`regimes/<regime>/letters`) and is compiled in. Nothing here
//! knows a case, a database, a socket or the clock: the instant is an argument, and the same
//! arguments give the same bytes, so that a letter can be set again to prove what was sent.

pub mod address;
pub mod data;
pub mod mail;
pub mod render;
pub mod seal;
pub mod templates;
pub mod transmission;
pub mod wording;

mod fonts;
mod typeset;
mod world;

pub use data::{Answer, Authority, Deadline, Fact, Language, LetterData, Outcome};
pub use render::{LetterError, Pdf, Renderer};
pub use templates::Template;
