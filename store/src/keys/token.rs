//! A PKCS#11 token that holds one AES key which never leaves it. The compartments' keys lie on the
//! disk wrapped by it (AES-256-GCM), so that the disk alone opens nothing.
//!
//! The module is loaded when it is asked for. Tested with SoftHSM2.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::object::{Attribute, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use zeroize::Zeroizing;

use super::Key;
use crate::trouble::Trouble;

const NONCE_BYTES: usize = 12;
const TAG_BITS: u64 = 128;

/// Modules are made for one thread that speaks at a time.
static TURN: Mutex<()> = Mutex::new(());

/// Which key on which token.
#[derive(Clone)]
pub struct Token {
    /// The maker's library, such as `/usr/lib/softhsm/libsofthsm2.so`.
    pub module: PathBuf,
    pub token_label: String,
    pub key_label: String,
    /// A file that holds the PIN and nothing else; may be a systemd credential.
    pub pin_file: PathBuf,
}

impl Token {
    /// Wraps a key: nonce, then ciphertext and tag. `bound_to` must be the same when it is opened.
    pub(crate) fn wrap(&self, key: &Key, bound_to: &str) -> Result<Vec<u8>, Trouble> {
        self.with_key(|session, on_token| {
            let mut nonce = [0; NONCE_BYTES];
            session.generate_random_slice(&mut nonce)?;
            let mut wrapped = nonce.to_vec();
            let gcm = GcmParams::new(&mut nonce, bound_to.as_bytes(), TAG_BITS.into())?;
            wrapped.extend(session.encrypt(&Mechanism::AesGcm(gcm), on_token, &**key)?);
            Ok(wrapped)
        })
    }

    pub(crate) fn unwrap(&self, wrapped: &[u8], bound_to: &str) -> Result<Key, Trouble> {
        let (nonce, sealed) = wrapped
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(Trouble::never("a wrapped key is too short"))?;
        let opened = self.with_key(|session, on_token| {
            let mut nonce = *nonce;
            let gcm = GcmParams::new(&mut nonce, bound_to.as_bytes(), TAG_BITS.into())?;
            session.decrypt(&Mechanism::AesGcm(gcm), on_token, sealed).map(Zeroizing::new)
        })?;
        let key = <[u8; 32]>::try_from(opened.as_slice())
            .map_err(|_| Trouble::never("a wrapped key is not one of 32 bytes"))?;
        Ok(Zeroizing::new(key))
    }

    /// Makes the key on the token, where it is not there yet: it can be used and never be read.
    pub fn make_key(&self) -> Result<(), Trouble> {
        self.with_session(|session| {
            if !session.find_objects(&self.template())?.is_empty() {
                return Ok(());
            }
            let template = [
                Attribute::Label(self.key_label.clone().into_bytes()),
                Attribute::ValueLen(32.into()),
                Attribute::Token(true),
                Attribute::Private(true),
                Attribute::Sensitive(true),
                Attribute::Extractable(false),
                Attribute::Encrypt(true),
                Attribute::Decrypt(true),
            ];
            session.generate_key(&Mechanism::AesKeyGen, &template).map(|_| ())
        })
    }

    fn template(&self) -> [Attribute; 3] {
        [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(KeyType::AES),
            Attribute::Label(self.key_label.clone().into_bytes()),
        ]
    }

    fn with_key<T>(
        &self,
        work: impl FnOnce(&Session, ObjectHandle) -> Result<T, Error>,
    ) -> Result<T, Trouble> {
        self.with_session(|session| {
            let found = session.find_objects(&self.template())?;
            found.first().map(|key| work(session, *key)).transpose()
        })?
        .ok_or(Trouble::never("the token has no AES key of this label"))
    }

    fn with_session<T>(
        &self,
        work: impl FnOnce(&Session) -> Result<T, Error>,
    ) -> Result<T, Trouble> {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let said = |error| Trouble::never_from("the token does not do what it was asked", error);
        let pin = read_pin(&self.pin_file)?;
        let module = Pkcs11::new(&self.module)
            .map_err(|error| Trouble::never_from("the token's module cannot be loaded", error))?;
        match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(error) => return Err(said(error)),
        }
        for slot in module.get_slots_with_initialized_token().map_err(said)? {
            if module.get_token_info(slot).map_err(said)?.label() != self.token_label {
                continue;
            }
            let session = module.open_rw_session(slot).map_err(said)?;
            session.login(UserType::User, Some(&pin)).map_err(said)?;
            let done = work(&session);
            // The session ends here either way; a token that is gone has said so already.
            let _ = session.logout();
            return done.map_err(said);
        }
        Err(Trouble::never("no token of this label is plugged in"))
    }
}

fn read_pin(path: &Path) -> Result<AuthPin, Trouble> {
    let pin = std::fs::read_to_string(path)
        .map_err(|error| Trouble::never_from("the token's PIN cannot be read", error))?;
    Ok(AuthPin::from(pin.trim_end().to_owned()))
}
