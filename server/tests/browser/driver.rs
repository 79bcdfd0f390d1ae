//! A browser over the WebDriver protocol (W3C): just the commands that the tests need.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// The key under which WebDriver hands out elements (W3C WebDriver §11).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Light,
    Dark,
}

/// One chromedriver with one browser window; both end with it.
pub struct Browser {
    driver: Child,
    client: reqwest::blocking::Client,
    /// The session's address.
    session: String,
}

impl Browser {
    /// # Errors
    /// Chromium or its driver is not there.
    pub fn start(scheme: Scheme, scripts: bool) -> Result<Self, String> {
        // Whoever installed it first has set the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|_| "chromedriver is not installed (package chromium-driver)".to_owned())?;
        let lines = BufReader::new(driver.stdout.take().expect("standard output is piped"));
        let port = lines
            .lines()
            .map_while(Result::ok)
            .find_map(|line| {
                let after = line.split("successfully on port ").nth(1)?;
                after.trim_end_matches('.').parse::<u16>().ok()
            })
            .ok_or("chromedriver did not say on which port it listens")?;
        // No limit: a loaded machine is slow, not wrong.
        let client = reqwest::blocking::Client::builder()
            .timeout(None)
            .no_proxy()
            .build()
            .map_err(|error| error.to_string())?;
        let mut browser = Self { driver, client, session: format!("http://127.0.0.1:{port}") };
        let prefs = json!({ "profile.managed_default_content_settings.javascript":
            if scripts { 1 } else { 2 } });
        let options = json!({
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,900",
                     "--disable-dev-shm-usage"],
            "prefs": prefs,
        });
        let wanted =
            json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options } } });
        let told = browser.ask("session", Some(wanted))?;
        let id = told["sessionId"].as_str().ok_or("the driver opened no session")?.to_owned();
        browser.session = format!("{}/session/{id}", browser.session);
        browser.shade(scheme);
        Ok(browser)
    }

    /// Shows pages as this person's device is set.
    pub fn shade(&self, scheme: Scheme) {
        let scheme = if scheme == Scheme::Dark { "dark" } else { "light" };
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": [feature] }));
    }

    fn ask(&self, command: &str, body: Option<Value>) -> Result<Value, String> {
        let address = format!("{}/{command}", self.session);
        let request = match body {
            Some(body) => self.client.post(address).json(&body),
            None => self.client.get(address),
        };
        let told: Value = request
            .send()
            .and_then(reqwest::blocking::Response::json)
            .map_err(|error| error.to_string())?;
        match told["value"]["error"].as_str() {
            Some(_) => Err(told["value"]["message"].as_str().unwrap_or("no reason").to_owned()),
            None => Ok(told["value"].clone()),
        }
    }

    fn must(&self, command: &str, body: Option<Value>) -> Value {
        self.ask(command, body).unwrap_or_else(|why| panic!("{command}: {why}"))
    }

    fn devtools(&self, command: &str, params: Value) {
        self.must("goog/cdp/execute", Some(json!({ "cmd": command, "params": params })));
    }

    pub fn go(&self, address: &str) {
        self.must("url", Some(json!({ "url": address })));
    }

    pub fn title(&self) -> String {
        self.must("title", None).as_str().unwrap_or_default().to_owned()
    }

    /// The words a reader sees.
    pub fn text(&self) -> String {
        let body = self.element("body");
        self.must(&format!("element/{body}/text"), None).as_str().unwrap_or_default().to_owned()
    }

    /// Plugs in a passkey device whose owner is there and says yes to everything (WebAuthn level 3,
    /// § 11).
    pub fn plug_in_passkeys(&self) {
        self.plug_in(true);
    }

    /// Plugs in one that does not recognise whoever is there.
    pub fn plug_in_what_recognises_nobody(&self) {
        self.plug_in(false);
    }

    fn plug_in(&self, recognises: bool) {
        let device = json!({
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": true,
            "hasUserVerification": true,
            "isUserVerified": recognises,
        });
        self.must("webauthn/authenticator", Some(device));
    }

    /// Every page from now on is opened by a browser that knows no passkeys.
    pub fn forget_passkeys(&self) {
        let source = "delete window.PublicKeyCredential";
        self.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source }));
    }

    pub fn narrow_to(&self, width: u32) {
        let size = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": true });
        self.devtools("Emulation.setDeviceMetricsOverride", size);
    }

    /// Shows the page as it is printed.
    pub fn print(&self) {
        self.devtools("Emulation.setEmulatedMedia", json!({ "media": "print" }));
    }

    /// Shows the page as on a screen again.
    pub fn screen(&self) {
        self.devtools("Emulation.setEmulatedMedia", json!({ "media": "screen" }));
    }

    /// Keeps a picture of the whole page where `ENTREMISE_PICTURES` says, if it says so.
    pub fn keep_picture(&self, name: &str) {
        let folder = std::env::var_os("ENTREMISE_PICTURES").filter(|folder| !folder.is_empty());
        let Some(folder) = folder else { return };
        let params = json!({ "format": "png", "captureBeyondViewport": true });
        let asked = json!({ "cmd": "Page.captureScreenshot", "params": params });
        let told = self.must("goog/cdp/execute", Some(asked));
        let picture = told["data"].as_str().expect("a picture is base64");
        let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, picture);
        std::fs::create_dir_all(&folder).expect("a folder to keep it in");
        let path = std::path::Path::new(&folder).join(format!("{name}.png"));
        std::fs::write(path, bytes.expect("a picture is base64")).expect("a folder to keep it in");
    }

    fn element(&self, selector: &str) -> String {
        let by = json!({ "using": "css selector", "value": selector });
        let found = self.must("element", Some(by));
        found[ELEMENT].as_str().expect("an element has a reference").to_owned()
    }

    pub fn type_into(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.must(&format!("element/{element}/clear"), Some(json!({})));
        if !text.is_empty() {
            self.must(&format!("element/{element}/value"), Some(json!({ "text": text })));
        }
    }

    /// Chooses a file of this machine, as the browser's own dialogue would.
    pub fn choose_file(&self, selector: &str, path: &std::path::Path) {
        let element = self.element(selector);
        let text = json!({ "text": path.to_str().expect("test paths are UTF-8") });
        self.must(&format!("element/{element}/value"), Some(text));
    }

    pub fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.must(&format!("element/{element}/click"), Some(json!({})));
    }

    /// Sends a form by its button, as a person does, and waits for the page that answers.
    pub fn submit(&self, button: &str) {
        self.leaving(|| self.click(button));
    }

    /// Does what brings another page, and waits until that page is there: its title is another.
    pub fn leaving(&self, leave: impl FnOnce()) {
        let before = self.title();
        leave();
        // Each question is a round trip through the browser; a loaded machine needs many.
        for _ in 0..20_000 {
            if self.title() != before {
                return;
            }
        }
        panic!("no other page came after {before}");
    }

    /// Waits until a page says something: one of the same title, which `leaving` cannot tell.
    pub fn wait_for(&self, text: &str) {
        let script = "return document.body ? document.body.innerText : ''";
        for _ in 0..20_000 {
            // A page that is just leaving answers nothing, or with an error.
            let told = self.ask("execute/sync", Some(json!({ "script": script, "args": [] })));
            if told.is_ok_and(|told| told.as_str().is_some_and(|told| told.contains(text))) {
                return;
            }
        }
        panic!("no page says {text}: {}", self.text());
    }

    pub fn run(&self, script: &str) -> Value {
        self.must("execute/sync", Some(json!({ "script": script, "args": [] })))
    }

    /// The same for a script that calls back.
    pub fn run_and_wait(&self, script: &str) -> Value {
        self.must("timeouts", Some(json!({ "script": 600_000 })));
        self.must("execute/async", Some(json!({ "script": script, "args": [] })))
    }

    /// Presses keys by name.
    pub fn press(&self, keys: &[&str]) {
        for key in keys {
            let sign = match *key {
                "Tab" => "\u{e004}",
                "Enter" => "\u{e007}",
                "ArrowDown" => "\u{e015}",
                other => other,
            };
            self.strike(sign);
        }
    }

    pub fn press_text(&self, text: &str) {
        for sign in text.chars() {
            self.strike(&sign.to_string());
        }
    }

    fn strike(&self, sign: &str) {
        let strokes =
            json!([{ "type": "keyDown", "value": sign }, { "type": "keyUp", "value": sign }]);
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": strokes });
        self.must("actions", Some(json!({ "actions": [keyboard] })));
    }

    /// The id of what has the focus; its words where it has none.
    pub fn focused(&self) -> String {
        let told =
            self.run("const one = document.activeElement; return one.id || one.textContent.trim()");
        told.as_str().unwrap_or_default().to_owned()
    }

    /// Tabs on until something has the focus.
    pub fn tab_to(&self, wanted: &str) {
        for _ in 0..80 {
            if self.focused() == wanted {
                return;
            }
            self.press(&["Tab"]);
        }
        panic!("the keyboard does not reach {wanted}");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends the browser; then its driver, by its own number.
        let _ = self.client.delete(&self.session).send();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
