//! Coming in through a provider of identities (OpenID Connect, such as ProConnect): authorisation
//! code with PKCE, state and nonce, each good once and for ten minutes; the token's signature,
//! issuer, audience and times; and how surely the person was recognised (`acr`, `amr`).
//!
//! Who may sit where is the configuration's: here a subject is all that is learnt. Where the
//! provider does not answer nobody comes in, and nothing weaker takes its place. Reads no clock.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use axum::http;
use jiff::Timestamp;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreJwsSigningAlgorithm, CoreProviderMetadata,
};
use openidconnect::{
    AuthenticationContextClass, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest,
    HttpResponse, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    TokenResponse as _,
};
use serde::{Deserialize, Serialize};

/// The provider of identities, as the operator names it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// Its address: its description lies under `/.well-known/openid-configuration`.
    pub issuer: String,
    /// What the button says.
    pub name: String,
    pub client_id: String,
    /// A file that holds the secret and nothing else.
    pub client_secret: PathBuf,
    /// The office's own address as browsers see it, without a path.
    pub origin: String,
    /// PEM of its certificate authority, where it is not a public one.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// How surely a person must have been recognised: one of these, such as `eidas2`.
    pub acr: Vec<String>,
    /// By which means: all of these, such as `mfa`.
    #[serde(default)]
    pub amr: Vec<String>,
}

/// How long somebody may take at the provider. Unit: seconds.
const PENDING_SECS: i64 = 10 * 60;
/// Sign-ins under way at once; the oldest falls out.
const PENDING_MAX: usize = 1_000;
/// The longest one call may take.
const CALL: Duration = Duration::from_secs(10);

/// The provider, ready to be asked.
pub struct Federation {
    config: Issuer,
    issuer: IssuerUrl,
    secret: ClientSecret,
    client: reqwest::Client,
    /// By their state.
    pending: Mutex<BTreeMap<String, Pending>>,
}

/// One sign-in under way.
struct Pending {
    nonce: Nonce,
    verifier: PkceCodeVerifier,
    redirect: String,
    expires_at: i64,
}

/// Where a browser is sent, and the state that it must bring back.
pub struct Begun {
    pub url: String,
    pub state: String,
}

/// Why nobody came in. Says nothing about any person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotIn {
    #[error("the provider of identities does not answer")]
    Unreachable,
    /// The answer was not one to a question of this browser's, or not in time.
    #[error("no sign-in of this state is under way")]
    NotAsked,
    #[error("the provider's answer does not hold")]
    Untrusted,
    /// The person was not recognised as surely as this house asks for.
    #[error("the person was not recognised surely enough")]
    TooWeak,
}

impl Federation {
    /// # Errors
    /// An address is none, or a file cannot be read.
    pub fn new(config: &Issuer) -> anyhow::Result<Self> {
        let secret = std::fs::read_to_string(&config.client_secret)
            .with_context(|| format!("{} cannot be read", config.client_secret.display()))?;
        let mut client =
            reqwest::Client::builder().timeout(CALL).redirect(reqwest::redirect::Policy::none());
        if let Some(ca) = &config.ca {
            let pem = std::fs::read(ca).with_context(|| format!("{}", ca.display()))?;
            client = client.add_root_certificate(reqwest::Certificate::from_pem(&pem)?);
        }
        Ok(Self {
            issuer: IssuerUrl::new(config.issuer.clone()).context("sign_in.issuer")?,
            secret: ClientSecret::new(secret.trim().to_owned()),
            client: client.build()?,
            pending: Mutex::default(),
            config: config.clone(),
        })
    }

    /// What the button says.
    pub fn name(&self) -> &str {
        &self.config.name
    }

    /// Where the provider sends browsers back to.
    fn redirect(&self, path: &str) -> String {
        format!("{}{path}", self.config.origin)
    }

    /// Begins a sign-in. `path` is where the browser comes back to.
    ///
    /// # Errors
    /// [`NotIn::Unreachable`].
    pub async fn begin(&self, path: &str, now: Timestamp) -> Result<Begun, NotIn> {
        let redirect = self.redirect(path);
        let metadata = self.metadata().await?;
        let client = CoreClient::from_provider_metadata(
            metadata,
            ClientId::new(self.config.client_id.clone()),
            Some(self.secret.clone()),
        )
        .set_redirect_uri(RedirectUrl::new(redirect.clone()).map_err(|_| NotIn::Unreachable)?);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut asked = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .set_pkce_challenge(challenge);
        for acr in &self.config.acr {
            asked = asked.add_auth_context_value(AuthenticationContextClass::new(acr.clone()));
        }
        let (url, state, nonce) = asked.url();
        let state = state.secret().clone();
        let expires_at = now.as_second() + PENDING_SECS;
        self.put(state.clone(), Pending { nonce, verifier, redirect, expires_at }, now);
        Ok(Begun { url: url.to_string(), state })
    }

    /// Ends a sign-in: the subject whom the provider recognised. A state is good once.
    ///
    /// # Errors
    /// [`NotIn`].
    pub async fn finish(&self, state: &str, code: &str, now: Timestamp) -> Result<String, NotIn> {
        let pending = self.take(state, now).ok_or(NotIn::NotAsked)?;
        let metadata = self.metadata().await?;
        let redirect = RedirectUrl::new(pending.redirect).map_err(|_| NotIn::NotAsked)?;
        let client = CoreClient::from_provider_metadata(
            metadata,
            ClientId::new(self.config.client_id.clone()),
            Some(self.secret.clone()),
        )
        .set_redirect_uri(redirect);
        let call = |request| call(self.client.clone(), request);
        let answer = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|_| NotIn::Unreachable)?
            .set_pkce_verifier(pending.verifier)
            .request_async(&call)
            .await
            .map_err(|error| {
                tracing::warn!(%error, "the provider of identities gives no token");
                NotIn::Untrusted
            })?;
        let token = answer.id_token().ok_or(NotIn::Untrusted)?;
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs([
                CoreJwsSigningAlgorithm::EcdsaP256Sha256,
                CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
            ])
            .set_time_fn(move || {
                chrono::DateTime::from_timestamp(now.as_second(), 0)
                    .unwrap_or(chrono::DateTime::<chrono::Utc>::MAX_UTC)
            });
        let claims = token.claims(&verifier, &pending.nonce).map_err(|error| {
            tracing::warn!(%error, "a token of the provider of identities does not hold");
            NotIn::Untrusted
        })?;
        let acr = claims.auth_context_ref().map(|acr| acr.as_str());
        let amr: Vec<&str> = claims
            .auth_method_refs()
            .map(|means| means.iter().map(|means| means.as_str()).collect())
            .unwrap_or_default();
        let is_sure = acr.is_some_and(|acr| self.config.acr.iter().any(|wanted| wanted == acr))
            && self.config.amr.iter().all(|wanted| amr.contains(&wanted.as_str()));
        if is_sure { Ok(claims.subject().to_string()) } else { Err(NotIn::TooWeak) }
    }

    /// Its description and its keys, as they are now: keys are changed without telling us.
    async fn metadata(&self) -> Result<CoreProviderMetadata, NotIn> {
        let call = |request| call(self.client.clone(), request);
        CoreProviderMetadata::discover_async(self.issuer.clone(), &call).await.map_err(|error| {
            tracing::warn!(%error, "the provider of identities does not describe itself");
            NotIn::Unreachable
        })
    }

    fn put(&self, state: String, pending: Pending, now: Timestamp) {
        // A thread that panicked here left whole entries behind.
        let mut all = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, pending| pending.expires_at > now.as_second());
        if all.len() >= PENDING_MAX
            && let Some(oldest) = all.iter().min_by_key(|(_, one)| one.expires_at)
        {
            let oldest = oldest.0.clone();
            all.remove(&oldest);
        }
        all.insert(state, pending);
    }

    fn take(&self, state: &str, now: Timestamp) -> Option<Pending> {
        let mut all = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(state).filter(|pending| pending.expires_at > now.as_second())
    }
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
enum CallError {
    #[error("the provider of identities cannot be reached")]
    Call(#[from] reqwest::Error),
    #[error("its answer is none")]
    Answer(#[from] http::Error),
}

async fn call(client: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, CallError> {
    let answer = client.execute(reqwest::Request::try_from(request)?).await?;
    let mut response = http::Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        response = response.header(name, value);
    }
    Ok(response.body(answer.bytes().await?.to_vec())?)
}
