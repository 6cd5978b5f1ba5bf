//! A browser, led by the WebDriver protocol: plain HTTP and JSON, for which the standard library and `serde_json` are enough.
//!
//! ```text
//!  test ─POST /session/…, JSON─► chromedriver ─► Chromium without a window, a profile of its own
//! ```
//! # Models      every wait has an end: sockets time out, and whatever was started ends with the test
//! # Source      W3C, "WebDriver"; Chromium's `goog/cdp/execute` and `se/log` beyond it

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// No step of a browser may take longer.
const PATIENCE: Duration = Duration::from_secs(90);

/// A browser with one window; it goes when this does.
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
    _profile: tempfile::TempDir,
}

/// The first of these programs that is on the path.
fn found(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|file| file.is_file()))
}

/// Says why nothing is tried.
#[allow(clippy::print_stdout)]
fn skipped() {
    println!(
        "skipped: there is no Chromium with its chromedriver on the path, so the report is not tried in a browser"
    );
}

impl Browser {
    /// A browser, or a sentence on why there is none and none of its tests can be made.
    pub fn open() -> Option<Browser> {
        let driver = found(&["chromedriver", "chromium.chromedriver"]);
        let chromium = found(&["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]);
        let (Some(driver), Some(chromium)) = (driver, chromium) else {
            skipped();
            return None;
        };
        let mut driver = Command::new(driver)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        let told = BufReader::new(driver.stdout.take().expect("its output is piped")).lines();
        // `ChromeDriver was started successfully on port 40123.`
        let port = told.map_while(Result::ok).find_map(|line| {
            let port = line.split("successfully on port ").nth(1)?;
            port.trim_end_matches('.').parse().ok()
        });
        let profile = tempfile::tempdir().expect("a folder for the profile");
        let mut browser = Browser {
            driver,
            port: port.expect("chromedriver tells its port"),
            session: String::new(),
            _profile: profile,
        };
        let data = format!("--user-data-dir={}", browser._profile.path().display());
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1440,900",
            &data,
        ];
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": { "binary": chromium, "args": arguments },
            "timeouts": { "script": 30_000, "pageLoad": 60_000 },
        } } });
        let opened = browser.ask("POST", "/session", &wanted);
        browser.session = format!("/session/{}", opened["sessionId"].as_str().expect("a session"));
        Some(browser)
    }

    /// Opens a file from the disk; the network is cut off for good measure.
    pub fn visit(&self, file: &Path) {
        self.devtools("Network.enable", json!({}));
        let offline = json!({ "offline": true, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.devtools("Network.emulateNetworkConditions", offline);
        let file = file.canonicalize().expect("the file is there");
        self.post("/url", &json!({ "url": format!("file://{}", file.display()) }));
    }

    /// What a script returns.
    pub fn script(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// The text that a script returns.
    pub fn text(&self, script: &str) -> String {
        self.script(script).as_str().unwrap_or_else(|| panic!("no text from {script}")).to_string()
    }

    /// The number that a script returns.
    pub fn number(&self, script: &str) -> f64 {
        self.script(script).as_f64().unwrap_or_else(|| panic!("no number from {script}"))
    }

    /// Waits until a script returns true.
    pub fn until(&self, script: &str) {
        let begun = Instant::now();
        while self.script(script) != Value::Bool(true) {
            assert!(begun.elapsed() < PATIENCE, "never true: {script}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Clicks an element, in its middle, as a person would.
    pub fn click(&self, selector: &str) {
        self.script(&format!(
            "document.querySelector({}).scrollIntoView({{block: 'center', behavior: 'instant'}})",
            json!(selector)
        ));
        let found = self.post("/element", &json!({ "using": "css selector", "value": selector }));
        let id = found.as_object().and_then(|found| found.values().next()).and_then(Value::as_str).expect("an element");
        self.post(&format!("/element/{id}/click"), &json!({}));
    }

    /// Presses the pointer on an element, moves it by so many pixels to the right, and lets go.
    pub fn drag(&self, selector: &str, from: (f64, f64), by: f64) {
        self.script(&format!(
            "document.querySelector({}).scrollIntoView({{block: 'center', behavior: 'instant'}})",
            json!(selector)
        ));
        let at = |axis: &str| {
            self.number(&format!("return document.querySelector({}).getBoundingClientRect().{axis}", json!(selector)))
        };
        let (x, y) = ((at("x") + from.0).round(), (at("y") + from.1).round());
        let go = |x: f64| json!({ "type": "pointerMove", "duration": 50, "x": x, "y": y });
        let actions = json!([go(x), { "type": "pointerDown", "button": 0 }, go(x + by / 2.0), go(x + by), { "type": "pointerUp", "button": 0 }]);
        self.post("/actions", &json!({ "actions": [{ "type": "pointer", "id": "mouse", "actions": actions }] }));
    }

    /// Presses keys, one after the other.
    pub fn press(&self, keys: &str) {
        let actions: Vec<Value> = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|what| json!({ "type": what, "value": key.to_string() })))
            .collect();
        self.post("/actions", &json!({ "actions": [{ "type": "key", "id": "keys", "actions": actions }] }));
    }

    /// What the reader's system prefers, such as `prefers-color-scheme: dark`.
    pub fn prefer(&self, name: &str, value: &str) {
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": [{ "name": name, "value": value }] }));
    }

    /// As for those who let no scripts run.
    pub fn without_scripts(&self) {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    }

    /// How wide and tall the window is.
    pub fn resize(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size);
    }

    /// The page as it is printed: the bytes of a PDF, in base64.
    pub fn print(&self) -> String {
        self.post("/print", &json!({})).as_str().expect("a PDF").to_string()
    }

    /// Whatever the console has been told of errors and warnings since the last look.
    pub fn complaints(&self) -> Vec<String> {
        let log = self.post("/se/log", &json!({ "type": "browser" }));
        let all = log.as_array().cloned().unwrap_or_default();
        let bad = all.iter().filter(|entry| ["SEVERE", "WARNING"].iter().any(|level| entry["level"] == *level));
        bad.map(|entry| entry["message"].as_str().unwrap_or_default().to_string()).collect()
    }

    fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.post("/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        self.ask("POST", &format!("{}{path}", self.session), body)
    }

    /// One request and its answer; an error of the driver's fails the test with its own words.
    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer) = self.exchange(method, path, body).expect("chromedriver answers");
        assert!(status == 200, "{method} {path}: {status} {answer}");
        answer
    }

    fn exchange(&self, method: &str, path: &str, body: &Value) -> std::io::Result<(u16, Value)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let body = body.to_string();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = BufReader::new(stream);
        let mut line = String::new();
        answer.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let mut length = 0;
        loop {
            line.clear();
            answer.read_line(&mut line)?;
            if line.trim().is_empty() {
                break;
            }
            if let Some(("content-length", value)) = line.to_ascii_lowercase().split_once(':') {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut bytes = vec![0; length];
        answer.read_exact(&mut bytes)?;
        let answer: Value = serde_json::from_slice(&bytes)?;
        Ok((status, answer["value"].clone()))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver takes the browser with it when the session ends; it itself is ended in any case.
        if !self.session.is_empty() {
            let _ = self.exchange("DELETE", &self.session, &json!({}));
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
