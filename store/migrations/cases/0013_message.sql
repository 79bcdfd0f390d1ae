-- party_message: mutable: it is answered once. What the house asked of a sender or a provider, by a
-- purpose from a closed list. There is no place for words of one's own.
CREATE TABLE party_message (
    message_id  blob   NOT NULL PRIMARY KEY,
    authority   text   NOT NULL,
    case_id     blob   NOT NULL,
    party       text   NOT NULL,
    purpose     text   NOT NULL,
    about       blob   NOT NULL,
    sent_by     text   NOT NULL,
    sent_at     bigint NOT NULL,
    answer      text,
    answered_at bigint
);
CREATE UNIQUE INDEX party_message_once ON party_message (authority, purpose, about);
CREATE INDEX party_message_party ON party_message (authority, party, message_id);
CREATE INDEX party_message_case ON party_message (case_id, message_id);
