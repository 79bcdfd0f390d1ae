-- review_request: immutable. A request for an outside reviewer's authorisation. The dossier lies
-- sealed in evidence under request_id; before whom the request lies is in the state of its case.
CREATE TABLE review_request (
    request_id blob   NOT NULL PRIMARY KEY,
    authority  text   NOT NULL,
    regime     text   NOT NULL,
    case_id    blob   NOT NULL,
    asked_at   bigint NOT NULL,
    sha256     blob   NOT NULL
);
CREATE INDEX review_request_asked ON review_request (authority, asked_at);
CREATE INDEX review_request_case ON review_request (case_id);

-- review_ruling: immutable, one for a request. The reasons lie sealed in evidence under reasons_id.
CREATE TABLE review_ruling (
    request_id blob   NOT NULL PRIMARY KEY,
    authority  text   NOT NULL,
    case_id    blob   NOT NULL,
    reviewer   text   NOT NULL,
    ruling     text   NOT NULL,
    ruled_at   bigint NOT NULL,
    reasons_id blob   NOT NULL,
    sha256     blob   NOT NULL
);
CREATE INDEX review_ruling_reviewer ON review_ruling (authority, reviewer, ruled_at);
CREATE INDEX review_ruling_reasons ON review_ruling (reasons_id);
CREATE INDEX review_ruling_case ON review_ruling (case_id);

-- reviewer_invitation: mutable: used once. Only a digest of the code is kept.
CREATE TABLE reviewer_invitation (
    code_sha256 blob   NOT NULL PRIMARY KEY,
    authority   text   NOT NULL,
    reviewer    text   NOT NULL,
    invited_at  bigint NOT NULL,
    expires_at  bigint NOT NULL,
    used_at     bigint
);

-- reviewer_passkey: mutable: withdrawn once. Public keys only.
CREATE TABLE reviewer_passkey (
    authority     text   NOT NULL,
    key_id        text   NOT NULL,
    reviewer      text   NOT NULL,
    credential_id blob   NOT NULL,
    public_key    text   NOT NULL,
    rp_id         text   NOT NULL,
    origin        text   NOT NULL,
    registered_at bigint NOT NULL,
    withdrawn_at  bigint,
    PRIMARY KEY (authority, key_id)
);
CREATE UNIQUE INDEX reviewer_passkey_credential ON reviewer_passkey (credential_id);
