//! Delivery reports: the standard forms, the styles of single servers, and what is no report.
//!
//! Each row of the corpus table was checked by hand against the words of the report itself.

use crate::at_hand;
use std::path::PathBuf;

use entremise_formats::bounce::{Kind, Reason, Truth, read_report};
use entremise_formats::report::mail_report;

fn corpus(folder: &str) -> Option<PathBuf> {
    at_hand::corpus(folder)
}

/// A report in the standard form about one recipient.
fn dsn(action: &str, status: &str, diagnostic: &str) -> String {
    format!(
        "Return-Path: <>\r\n\
         From: MAILER-DAEMON@relais.example\r\n\
         To: bounce+AbCdEf0123456789@autorite.example\r\n\
         Subject: Undelivered Mail Returned to Sender\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nYour mail came back. SPECIMEN\r\n\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; relais.example\r\n\r\n\
         Final-Recipient: rfc822; abonne@fai.example\r\n\
         Action: {action}\r\nStatus: {status}\r\nDiagnostic-Code: smtp; {diagnostic}\r\n\r\n\
         --b\r\nContent-Type: message/rfc822\r\n\r\n\
         From: noreply@autorite.example\r\nTo: abonne@fai.example\r\n\
         Message-ID: <n-42@autorite.example>\r\nSubject: SPECIMEN\r\n\r\nBonjour\r\n\r\n--b--\r\n"
    )
}

#[test]
fn a_standard_report_names_recipient_status_token_and_message() {
    let report = read_report(dsn("failed", "5.1.1", "550 5.1.1 User unknown").as_bytes());
    assert_eq!(report.kind, Kind::Bounce);
    assert_eq!(report.token.as_deref(), Some("AbCdEf0123456789"));
    assert_eq!(report.original_message_id.as_deref(), Some("n-42@autorite.example"));
    let [recipient] = report.recipients.as_slice() else { panic!("one recipient") };
    assert_eq!(recipient.address, "abonne@fai.example");
    assert_eq!(recipient.status.as_deref(), Some("5.1.1"));
    assert_eq!(recipient.truth(), Truth::Unreachable);
    assert!(recipient.permanent);
}

#[test]
fn the_servers_words_decide_before_its_code() {
    use Reason::*;
    let rows = [
        // Orange refuses the sender; the address may well be alive.
        ("5.2.0", "550 5.2.0 Mail rejeté. Mail rejected. OFR_506 [506]", Blocked, false),
        ("5.1.1", "550 5.1.1 Too many messages from your address, slow down", RateLimited, false),
        ("5.1.1", "550 5.1.1 RCP-P2 Refused due to recipient preferences", Policy, false),
        ("5.1.1", "550 5.7.1 IP address blacklisted by recipient", Blocked, false),
        (
            "5.7.1",
            "550 5.7.1 <a@b.example>: Recipient address rejected: User unknown",
            MailboxUnknown,
            true,
        ),
        (
            "5.5.0",
            "550 5.5.0 Adresse d au moins un destinataire invalide. OFR_416",
            MailboxUnknown,
            true,
        ),
        ("4.1.1", "450 4.1.1 User unknown in virtual table", MailboxUnknown, false),
        ("5.2.2", "552 5.2.2 Boîte pleine", MailboxFull, false),
        ("5.0.0", "554 Mystery", Other, false),
        ("5.1.1", "550 5.1.1", MailboxUnknown, true),
        ("5.1.8", "553 5.1.8 Domain of sender address does not exist", Blocked, false),
        ("5.4.4", "554 5.4.4 unable to route", DomainUnknown, true),
        ("5.3.4", "552 5.3.4 Message size exceeds fixed limit", TooLarge, true),
        ("5.7.1", "554 5.7.1 Relay access denied", RelayingDenied, true),
        ("4.4.7", "delivery time expired", Expired, false),
        ("4.4.1", "Connection timed out", Network, false),
        ("5.7.1", "554 5.7.1 Message rejected: considered spam", SpamDetected, false),
        ("5.2.1", "550 5.2.1 This account is disabled", MailboxInactive, true),
        ("5.6.0", "554 5.6.0 Virus found", Content, true),
    ];
    for (status, words, reason, permanent) in rows {
        let report = read_report(dsn("failed", status, words).as_bytes());
        let recipient = &report.recipients[0];
        assert_eq!((recipient.reason, recipient.permanent), (reason, permanent), "{words}");
        let blocked = matches!(reason, Blocked | RateLimited | Policy | SpamDetected);
        let truth = if blocked { Truth::WeAreBlocked } else { Truth::Unreachable };
        assert_eq!(recipient.truth(), truth, "{words}");
    }
}

#[test]
fn delay_and_delivery_are_no_failures() {
    let delay = read_report(dsn("delayed", "4.4.1", "Connection timed out").as_bytes());
    assert_eq!((delay.kind, delay.recipients[0].truth()), (Kind::Delay, Truth::Unknown));
    for action in ["delivered", "relayed", "expanded"] {
        let report = read_report(dsn(action, "2.0.0", "250 ok").as_bytes());
        assert_eq!(
            (report.kind, report.recipients[0].truth()),
            (Kind::Delivered, Truth::Delivered)
        );
        assert!(!report.recipients[0].permanent);
    }
}

#[test]
fn an_automatic_reply_is_told_from_a_bounce_marked_as_one() {
    let reply = "From: abonne@fai.example\nTo: bounce+AbCdEf0123456789@autorite.example\n\
                 Subject: Absent du bureau\nAuto-Submitted: auto-replied (vacation)\n\
                 In-Reply-To: <n-42@autorite.example>\n\nJe suis absent.\n";
    let report = read_report(reply.as_bytes());
    assert_eq!(report.kind, Kind::AutoReply);
    assert_eq!(report.original_message_id.as_deref(), Some("n-42@autorite.example"));
    let bounce = "From: Mail Delivery System <mailer-daemon@relais.example>\n\
                  To: a@autorite.example\n\
                  Auto-Submitted: auto-replied\nX-Failed-Recipients: abonne@fai.example\n\
                  Subject: Mail delivery failed\n\nabonne@fai.example\n  550 No such user here\n";
    let report = read_report(bounce.as_bytes());
    assert_eq!((report.kind, report.recipients[0].reason), (Kind::Bounce, Reason::MailboxUnknown));
}

#[test]
fn an_ordinary_mail_is_no_report_even_when_it_speaks_of_failure() {
    let mail = "From: abonne@fai.example\nTo: contact@autorite.example\n\
                Subject: Undelivered Mail\n\n\
                Your message to x@y.example could not be delivered: user unknown?\n";
    assert_eq!(read_report(mail.as_bytes()).kind, Kind::Other);
    for bytes in [&b""[..], b"\0\xff", b"{}", b"From: a"] {
        assert_eq!(read_report(bytes).kind, Kind::Other);
    }
}

#[test]
fn the_json_has_one_object_per_recipient_and_nulls_where_nothing_is_known() {
    let report = read_report(dsn("failed", "5.1.1", "550 5.1.1 User unknown").as_bytes());
    let expected = serde_json::json!({
        "file": "a.eml", "kind": "bounce", "recipient": "abonne@fai.example",
        "status": "5.1.1", "reason": "mailbox_unknown", "permanent": true,
    });
    assert_eq!(mail_report("a.eml", &report), [expected]);
    let nothing = mail_report("b.eml", &read_report(b"Subject: hello\n\nhello"));
    assert_eq!(nothing.len(), 1);
    assert_eq!(nothing[0]["kind"], "other");
    assert!(nothing[0]["recipient"].is_null() && nothing[0]["permanent"].is_null());
}

#[test]
fn a_recipients_address_does_not_reach_a_log() {
    let report = read_report(dsn("failed", "5.1.1", "550 5.1.1 User unknown").as_bytes());
    assert!(!format!("{report:?}").contains("abonne@"));
}

#[test]
fn reports_of_many_servers_are_read_as_their_words_say() {
    let Some(folder) = corpus("bounces") else {
        return;
    };
    for (name, kind, recipient, reason) in EXPECTED {
        let bytes = std::fs::read(folder.join(format!("{name}.eml"))).unwrap();
        let report = read_report(&bytes);
        let found = report.recipients.iter().find(|found| found.address == recipient);
        let found = found.unwrap_or_else(|| panic!("{name}: recipient not found"));
        assert_eq!((found.kind.name(), found.reason.name()), (kind, reason), "{name}");
    }
}

#[test]
fn the_recipient_is_found_in_nearly_every_bounce_and_in_no_ordinary_mail() {
    let Some(folder) = corpus("bounces") else {
        return;
    };
    let (mut bounces, mut found) = (0, 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if path.extension().is_none_or(|extension| extension != "eml") {
            continue;
        }
        let report = read_report(&std::fs::read(&path).unwrap());
        if name.starts_with("is-not-bounce") {
            assert_eq!(report.kind, Kind::Other, "{name}");
        } else if name.starts_with("arf-") {
            assert_eq!(report.kind, Kind::FeedbackReport, "{name}");
        } else if name.starts_with("rfc3834") {
            assert_eq!(report.kind, Kind::AutoReply, "{name}");
        } else {
            bounces += 1;
            found += usize::from(report.kind >= Kind::Delivered && !report.recipients.is_empty());
        }
    }
    assert!(found * 100 >= bounces * 95, "{found} of {bounces}");
}

#[test]
fn feedback_reports_name_what_they_complain_of() {
    let Some(folder) = corpus("mail-arf/resources/arf") else {
        return;
    };
    for (name, kind) in [("001", "abuse"), ("002", "abuse"), ("003", "auth-failure")] {
        let report = read_report(&std::fs::read(folder.join(format!("{name}.eml"))).unwrap());
        assert_eq!(report.kind, Kind::FeedbackReport, "{name}");
        assert_eq!(report.feedback_type.as_deref(), Some(kind), "{name}");
    }
}

/// File, kind, recipient, reason.
const EXPECTED: [(&str, &str, &str, &str); 120] = [
    ("lhost-amavis-02", "bounce", "neko@example.co.jp", "mailbox_unknown"),
    ("lhost-amazonses-05", "bounce", "bounce@simulator.amazonses.com", "mailbox_unknown"),
    ("lhost-amazonses-10", "bounce", "bounce@simulator.amazonses.com", "mailbox_unknown"),
    ("lhost-amazonses-15", "bounce", "kijitora@neko.example.com", "blocked"),
    ("lhost-amazonses-20", "bounce", "kijitora@google.example.com", "mailbox_inactive"),
    ("lhost-amazonworkmail-04", "bounce", "chatoraneko@example.jp", "mailbox_full"),
    ("lhost-barracuda-01", "bounce", "kijitora@example.org", "spam_detected"),
    ("lhost-courier-02", "bounce", "kijitora@example.jp", "mailbox_unknown"),
    ("lhost-domino-03", "bounce", "kijitora@neko.example.org", "network"),
    ("lhost-dragonfly-05", "bounce", "authfailure@libsisimai.net", "policy"),
    ("lhost-dragonfly-10", "bounce", "hasmoved@libsisimai.net", "mailbox_unknown"),
    ("lhost-dragonfly-15", "bounce", "norelaying@libsisimai.net", "relaying_denied"),
    ("lhost-dragonfly-20", "bounce", "spamdetected@libsisimai.net", "spam_detected"),
    ("lhost-dragonfly-25", "bounce", "virusdetected@libsisimai.net", "content"),
    ("lhost-dragonfly-30", "bounce", "neko@nyaan.jp", "expired"),
    ("lhost-exchange2003-03", "bounce", "kijitora@example.jp", "mailbox_unknown"),
    ("lhost-exchange2007-02", "bounce", "kijitora@example.edu", "mailbox_full"),
    ("lhost-exchange2007-07", "bounce", "kijitora@example.jp", "mailbox_unknown"),
    ("lhost-exim-05", "bounce", "kijitora@neko.example.co.jp", "mailbox_unknown"),
    ("lhost-exim-30", "bounce", "kijitora@exmaple.ch", "blocked"),
    ("lhost-exim-35", "bounce", "kijitora@example.com", "blocked"),
    ("lhost-exim-40", "bounce", "kijitora@example.org", "blocked"),
    ("lhost-exim-45", "bounce", "kijitora@example.com", "blocked"),
    ("lhost-exim-50", "bounce", "kijitora@neko.example.com", "blocked"),
    ("lhost-exim-55", "bounce", "kijitora@example.com", "spam_detected"),
    ("lhost-exim-60", "bounce", "nyaan%gol.com@q002.kijitora.gol.com", "mailbox_full"),
    (
        "lhost-ezweb-04",
        "bounce",
        "this-local-part-does-not-exist-on-the-server@ezweb.ne.jp",
        "mailbox_unknown",
    ),
    ("lhost-gmail-06", "delay", "kijitora@example.jp", "mailbox_full"),
    ("lhost-gmail-11", "bounce", "kijitora@example.com", "network"),
    ("lhost-gmail-19", "bounce", "neko-nyaan@google.example.com", "mailbox_full"),
    ("lhost-imailserver-01", "bounce", "kijitora@example.com", "mailbox_unknown"),
    ("lhost-kddi-01", "bounce", "kijitora@x0000000000000.dion.ne.jp", "mailbox_full"),
    ("lhost-mailmarshal-02", "bounce", "kijitora@nyaan.example.com", "mailbox_unknown"),
    ("lhost-mailru-05", "bounce", "neko@libsisimai.org", "domain_unknown"),
    ("lhost-mailru-10", "bounce", "neko@sijo.example.jp", "expired"),
    ("lhost-mcafee-05", "bounce", "kijitora-nyaan@example.co.jp", "mailbox_unknown"),
    ("lhost-messagingserver-05", "bounce", "kijitora@example.jp", "domain_unknown"),
    ("lhost-messagingserver-10", "bounce", "neko@libsisimai.org", "domain_unknown"),
    ("lhost-mfilter-03", "bounce", "kijitora@example.org", "mailbox_unknown"),
    ("lhost-mxlogic-01", "bounce", "kijitora@example.co.jp", "mailbox_unknown"),
    ("lhost-notes-03", "bounce", "kijitora@example.com", "mailbox_unknown"),
    ("lhost-office365-05", "bounce", "kijitora@example.jp", "blocked"),
    ("lhost-office365-10", "bounce", "azumakuniyuki@example.ne.jp", "mailbox_unknown"),
    ("lhost-opensmtpd-02", "bounce", "mailboxfull@example.jp", "mailbox_full"),
    ("lhost-opensmtpd-02", "bounce", "userunknown@example.jp", "mailbox_unknown"),
    ("lhost-opensmtpd-10", "bounce", "postmaster@cx.libsisimai.org", "domain_unknown"),
    ("lhost-opensmtpd-15", "delay", "neko@nyaan.jp", "expired"),
    ("lhost-outlook-03", "bounce", "kijitora@example.jp", "network"),
    ("lhost-outlook-09", "bounce", "kijitora@example.org", "blocked"),
    ("lhost-postfix-05", "bounce", "kijitora@example.org", "mailbox_unknown"),
    ("lhost-postfix-10", "bounce", "kijitora@example.jp", "blocked"),
    ("lhost-postfix-16", "bounce", "kijitora@example.go.jp", "mailbox_unknown"),
    ("lhost-postfix-31", "bounce", "kijitora@gmail.com", "mailbox_unknown"),
    (
        "lhost-postfix-36",
        "bounce",
        "otsu-sakaba-hunter-neko-nyaaaaaaan@ezweb.ne.jp",
        "mailbox_unknown",
    ),
    ("lhost-postfix-41", "bounce", "kijitora@example.org", "other"),
    ("lhost-postfix-46", "bounce", "neko-nyaan@ne.auone-net.jp", "other"),
    ("lhost-postfix-51", "bounce", "neko@example.co.jp", "policy"),
    ("lhost-postfix-56", "bounce", "nyaan@qq.example.com", "network"),
    ("lhost-postfix-61", "bounce", "neko@email.example.ua", "mailbox_inactive"),
    ("lhost-postfix-66", "bounce", "kijitora@aol.example.jp", "policy"),
    ("lhost-postfix-71", "bounce", "kijitora@apple.example.com", "policy"),
    ("lhost-postfix-76", "bounce", "this-local-part-does-not-exist@rakumail.jp", "mailbox_unknown"),
    ("lhost-powermta-01", "bounce", "kijitora@example.jp", "mailbox_inactive"),
    ("lhost-qmail-03", "bounce", "kijitora@example.org", "blocked"),
    ("lhost-qmail-08", "bounce", "shironeko@example.ad.jp", "mailbox_full"),
    ("lhost-qmail-13", "bounce", "nekochan@cx.libsisimai.com", "domain_unknown"),
    ("lhost-qmail-18", "bounce", "userunknown@libsisimai.net", "mailbox_unknown"),
    ("lhost-qmail-23", "bounce", "userunknown@libsisimai.net", "mailbox_unknown"),
    ("lhost-receivingses-03", "bounce", "temperror@neko.example.jp", "network"),
    ("lhost-receivingses-08", "bounce", "jp1rb6cm3@mozmail.com", "too_large"),
    ("lhost-sendmail-02", "bounce", "userunknown@example.org", "mailbox_unknown"),
    ("lhost-sendmail-02", "bounce", "filtered@example.com", "mailbox_unknown"),
    ("lhost-sendmail-07", "bounce", "kijitora@example.org", "relaying_denied"),
    ("lhost-sendmail-12", "bounce", "kijitora@example.org", "expired"),
    ("lhost-sendmail-17", "bounce", "kijitora@example.net", "mailbox_unknown"),
    ("lhost-sendmail-22", "bounce", "kijitora@example.net", "mailbox_unknown"),
    (
        "lhost-sendmail-28",
        "bounce",
        "this-local-part-does-not-exist-on-the-system@uqmobile.jp",
        "mailbox_unknown",
    ),
    ("lhost-sendmail-33", "bounce", "mailboxfull@neko.example.org", "blocked"),
    ("lhost-sendmail-38", "bounce", "kijitora@example.com", "content"),
    ("lhost-sendmail-43", "bounce", "kijitora@gmail.example.com", "content"),
    ("lhost-sendmail-48", "bounce", "pseudo-local-part-kijitora-nyaan@sfr.fr", "mailbox_unknown"),
    ("lhost-sendmail-53", "bounce", "sironeko@example.com", "blocked"),
    ("lhost-sendmail-58", "bounce", "info@example.jp", "policy"),
    ("lhost-surfcontrol-03", "bounce", "kijitora@example.net", "network"),
    ("lhost-v5sendmail-02", "bounce", "kijitora@neko.example.org", "domain_unknown"),
    ("lhost-v5sendmail-07", "bounce", "kijitora@example.org", "domain_unknown"),
    ("lhost-v5sendmail-07", "bounce", "mikeneko@example.org", "domain_unknown"),
    ("lhost-v5sendmail-07", "bounce", "hachiware@example.edu", "mailbox_unknown"),
    ("lhost-x1-03", "bounce", "kijitora@example.org", "mailbox_unknown"),
    ("lhost-x2-04", "bounce", "kijitora@example.jp", "mailbox_full"),
    ("lhost-x3-02", "bounce", "kijitora@example.co.jp", "domain_unknown"),
    ("lhost-x5-01", "bounce", "kijitora@neko.example.org", "mailbox_unknown"),
    ("lhost-yahoo-03", "bounce", "kijitora@example.jp", "mailbox_unknown"),
    ("lhost-yahoo-08", "bounce", "mailboxfull@libsisimai.org", "mailbox_full"),
    ("lhost-yahoo-13", "bounce", "neko@sijo.example.jp", "expired"),
    ("lhost-zoho-01", "bounce", "kijitora@example.co.jp", "mailbox_unknown"),
    ("rb-issue-368-bug", "bounce", "xxxx@yyyyyy.net", "mailbox_full"),
    ("rfc3464-01", "bounce", "userunknown@bouncehammer.jp", "mailbox_unknown"),
    ("rfc3464-08", "bounce", "kijitora@example.net", "spam_detected"),
    ("rfc3464-29", "bounce", "kijitora@example.com", "other"),
    ("rfc3464-38", "bounce", "kijitora-nyaan@example.jp", "mailbox_full"),
    ("rfc3464-51", "bounce", "kijitora@example.de", "mailbox_unknown"),
    ("rfc3464-56", "bounce", "siro@neko1.nyaan.jp", "network"),
    ("rfc3464-61", "bounce", "kijitora@example.com", "spam_detected"),
    ("rfc3464-66", "bounce", "mikeneko@example.com", "mailbox_unknown"),
    ("rhost-aol-04", "bounce", "kijitora@example.co.jp", "mailbox_unknown"),
    (
        "rhost-apple-03",
        "bounce",
        "pseudo-local-part-of-apple-icloud-mail@icloud.com",
        "mailbox_full",
    ),
    ("rhost-facebook-03", "bounce", "kijitora@facebook.com", "policy"),
    ("rhost-google-02", "bounce", "neko-nyaan@example.org", "mailbox_unknown"),
    ("rhost-google-07", "bounce", "kijitora-cat@google.example.com", "mailbox_inactive"),
    ("rhost-gsuite-04", "bounce", "sironeko@example.jp", "domain_unknown"),
    (
        "rhost-gsuite-09",
        "bounce",
        "otsu-sakaba-hunter-neko-nyaaaaaaan@ezweb.ne.jp",
        "mailbox_unknown",
    ),
    ("rhost-gsuite-14", "bounce", "libsisimai-2@googlegroups.com", "mailbox_unknown"),
    ("rhost-messagelabs-01", "bounce", "kijitora@example.messagelabs.com", "policy"),
    ("rhost-microsoft-03", "bounce", "kijitora@example.com", "mailbox_unknown"),
    ("rhost-mimecast-02", "bounce", "kijitora@sample.co.uk", "spam_detected"),
    ("rhost-outlook-02", "bounce", "kijitora@example.jp", "mailbox_unknown"),
    ("rhost-outlook-08", "bounce", "kijitora@hotmail.example.com", "mailbox_unknown"),
    ("rhost-tencent-03", "bounce", "neko@qq.example.cn", "policy"),
    ("rhost-zoho-02", "bounce", "kijitora@zoho.example.com", "policy"),
];
