//! The outline: a RON text as a tree of values with their places, so that every mistake can be shown where it stands.
//!
//! ```text
//!  text ──ron checks the syntax──► text ──parse──► Node (kind, span) ──► decode (values), Place (paths)
//! ```
//! # Models      structs, tuples, lists, maps, strings, numbers and words of RON, comments, raw strings and identifiers
//! # Leaves out  chars, bytes and extensions that change meaning: no scenario uses them
//! # Source      <https://github.com/ron-rs/ron/blob/master/docs/grammar.md>

use std::ops::Range;

/// A value of the text.
#[derive(Clone, Debug)]
pub struct Node {
    /// Number of the node in order of appearance.
    pub id: usize,
    /// Number after the last node inside this one.
    pub end_id: usize,
    /// Bytes of the text it takes.
    pub span: Range<usize>,
    /// What it is.
    pub kind: Kind,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// `"text"`, unescaped.
    Str(String),
    /// As written.
    Number(String),
    /// `true`, `None`, `Elb`: a word alone.
    Word(String),
    /// `Name(field: value)` or `(field: value)`.
    Struct(Option<String>, Vec<Field>),
    /// `Name(value, value)` or `(value, value)`, also empty.
    Tuple(Option<String>, Vec<Node>),
    /// `[value, value]`.
    List(Vec<Node>),
    /// `{key: value}`.
    Map(Vec<(Node, Node)>),
    /// A char or byte string.
    Other,
}

/// A field of a struct.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub name_span: Range<usize>,
    /// Its value.
    pub value: Node,
}

/// Deeper nesting than this is refused, so that no text can exhaust the stack. `ron` draws the same line.
const DEPTH: usize = 128;

impl Node {
    /// Reads a whole text. The error is the byte where reading stopped.
    pub fn parse(text: &str) -> Result<Node, usize> {
        let mut reader = Reader { text, at: 0, next_id: 0 };
        reader.attributes()?;
        let node = reader.value(0)?;
        reader.blank();
        if reader.at == text.len() { Ok(node) } else { Err(reader.at) }
    }

    /// The name before the parenthesis, or the word.
    pub fn name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(name) | Kind::Struct(Some(name), _) | Kind::Tuple(Some(name), _) => Some(name),
            _ => None,
        }
    }

    /// The fields of a struct.
    pub fn fields(&self) -> &[Field] {
        if let Kind::Struct(_, fields) = &self.kind { fields } else { &[] }
    }

    /// The entries of a map.
    pub fn entries(&self) -> &[(Node, Node)] {
        if let Kind::Map(entries) = &self.kind { entries } else { &[] }
    }

    /// The elements of a list or tuple.
    pub fn items(&self) -> &[Node] {
        if let Kind::List(items) | Kind::Tuple(_, items) = &self.kind { items } else { &[] }
    }

    /// The value of a field.
    pub fn field(&self, name: &str) -> Option<&Node> {
        self.fields().iter().find(|field| field.name == name).map(|field| &field.value)
    }

    /// The value of a map's key.
    pub fn entry(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|entry| entry.0.text() == Some(key)).map(|entry| &entry.1)
    }

    /// The text of a string.
    pub fn text(&self) -> Option<&str> {
        if let Kind::Str(text) = &self.kind { Some(text) } else { None }
    }

    /// The keys of a map.
    pub fn keys(&self) -> Vec<&str> {
        self.entries().iter().filter_map(|entry| entry.0.text()).collect()
    }

    /// Whether a node with this number is this one or inside it.
    pub fn contains(&self, id: usize) -> bool {
        (self.id..self.end_id).contains(&id)
    }

    /// Every value directly inside.
    pub fn children(&self) -> Vec<&Node> {
        match &self.kind {
            Kind::Struct(_, fields) => fields.iter().map(|field| &field.value).collect(),
            Kind::Tuple(_, items) | Kind::List(items) => items.iter().collect(),
            Kind::Map(entries) => entries.iter().flat_map(|entry| [&entry.0, &entry.1]).collect(),
            _ => Vec::new(),
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    next_id: usize,
}

fn begins_name(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn continues_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '+' | '-')
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn expect(&mut self, token: &str) -> Result<(), usize> {
        if self.take(token) { Ok(()) } else { Err(self.at) }
    }

    fn skip_to(&mut self, token: &str) {
        self.at = self.rest().find(token).map_or(self.text.len(), |i| self.at + i + token.len());
    }

    /// White space and comments.
    fn blank(&mut self) {
        loop {
            if self.rest().starts_with("//") {
                self.skip_to("\n");
            } else if self.take("/*") {
                let mut depth = 1;
                while depth > 0 && self.at < self.text.len() {
                    if self.take("/*") {
                        depth += 1;
                    } else if self.take("*/") {
                        depth -= 1;
                    } else {
                        self.skip();
                    }
                }
            } else if self.peek().is_some_and(|c| c.is_whitespace() || matches!(c, '\u{200e}' | '\u{200f}')) {
                self.skip();
            } else {
                return;
            }
        }
    }

    fn attributes(&mut self) -> Result<(), usize> {
        self.blank();
        while self.take("#") {
            self.skip_to("]");
            self.blank();
        }
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Node, usize> {
        self.blank();
        let (start, id) = (self.at, self.next_id);
        self.next_id += 1;
        if depth > DEPTH {
            return Err(start);
        }
        let kind = match self.peek().ok_or(start)? {
            '"' => self.string()?,
            '\'' => self.character()?,
            '[' => {
                self.skip();
                Kind::List(self.items("]", depth)?)
            }
            '{' => self.map(depth)?,
            '(' => self.body(None, depth)?,
            '0'..='9' | '+' | '-' | '.' => self.number(),
            _ if self.rest().starts_with("r\"") || self.rest().starts_with("r#\"") => self.raw_string()?,
            _ if self.rest().starts_with("r##") => self.raw_string()?,
            _ if self.rest().starts_with("b\"") || self.rest().starts_with("b'") => {
                self.skip();
                if self.peek() == Some('"') {
                    self.string()?
                } else {
                    self.character()?
                };
                Kind::Other
            }
            _ if self.rest().starts_with("br") => {
                self.skip();
                self.raw_string()?;
                Kind::Other
            }
            c if begins_name(c) => {
                let name = self.name();
                if matches!(name.as_str(), "inf" | "NaN") {
                    Kind::Number(name)
                } else {
                    let end = self.at;
                    self.blank();
                    if self.peek() == Some('(') {
                        self.body(Some(name), depth)?
                    } else {
                        self.at = end;
                        Kind::Word(name)
                    }
                }
            }
            _ => return Err(start),
        };
        Ok(Node { id, end_id: self.next_id, span: start..self.at, kind })
    }

    fn name(&mut self) -> String {
        self.take("r#");
        let rest = self.rest();
        let name = rest[..rest.find(|c| !continues_name(c)).unwrap_or(rest.len())].to_owned();
        self.at += name.len();
        name
    }

    fn number(&mut self) -> Kind {
        let rest = self.rest();
        let length = rest.find(|c: char| !continues_name(c)).unwrap_or(rest.len());
        let number = rest[..length].to_owned();
        self.at += length;
        Kind::Number(number)
    }

    fn string(&mut self) -> Result<Kind, usize> {
        let start = self.at;
        self.skip();
        loop {
            match self.peek().ok_or(start)? {
                '\\' => {
                    self.skip();
                    self.skip();
                }
                '"' => {
                    self.skip();
                    break;
                }
                _ => self.skip(),
            }
        }
        ron::from_str::<String>(&self.text[start..self.at]).map(Kind::Str).map_err(|_| start)
    }

    fn raw_string(&mut self) -> Result<Kind, usize> {
        let start = self.at;
        self.expect("r")?;
        let marks = self.rest().chars().take_while(|c| *c == '#').count();
        self.at += marks;
        self.expect("\"")?;
        let close = format!("\"{}", "#".repeat(marks));
        let end = self.rest().find(&close).ok_or(start)?;
        let text = self.rest()[..end].to_owned();
        self.at += end + close.len();
        Ok(Kind::Str(text))
    }

    fn character(&mut self) -> Result<Kind, usize> {
        let start = self.at;
        self.skip();
        if self.peek() == Some('\\') {
            self.skip();
        }
        self.skip();
        while self.peek().is_some_and(|c| c != '\'') {
            self.skip();
        }
        if self.take("'") { Ok(Kind::Other) } else { Err(start) }
    }

    fn items(&mut self, close: &str, depth: usize) -> Result<Vec<Node>, usize> {
        let mut items = Vec::new();
        loop {
            self.blank();
            if self.take(close) {
                return Ok(items);
            }
            items.push(self.value(depth + 1)?);
            self.blank();
            if !self.take(",") {
                self.expect(close)?;
                return Ok(items);
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Kind, usize> {
        self.skip();
        let mut entries = Vec::new();
        loop {
            self.blank();
            if self.take("}") {
                return Ok(Kind::Map(entries));
            }
            let key = self.value(depth + 1)?;
            self.blank();
            self.expect(":")?;
            entries.push((key, self.value(depth + 1)?));
            self.blank();
            if !self.take(",") {
                self.expect("}")?;
                return Ok(Kind::Map(entries));
            }
        }
    }

    /// What stands in parentheses: fields if a name and a colon come first, else elements.
    fn body(&mut self, name: Option<String>, depth: usize) -> Result<Kind, usize> {
        self.expect("(")?;
        let start = self.at;
        self.blank();
        let is_struct = self.peek().is_some_and(begins_name) && {
            self.name();
            self.blank();
            self.peek() == Some(':')
        };
        self.at = start;
        if !is_struct {
            return Ok(Kind::Tuple(name, self.items(")", depth)?));
        }
        let mut fields = Vec::new();
        loop {
            self.blank();
            if self.take(")") {
                return Ok(Kind::Struct(name, fields));
            }
            let from = self.at;
            if !self.peek().is_some_and(begins_name) {
                return Err(from);
            }
            let field = self.name();
            let name_span = from..self.at;
            self.blank();
            self.expect(":")?;
            fields.push(Field { name: field, name_span, value: self.value(depth + 1)? });
            self.blank();
            if !self.take(",") {
                self.expect(")")?;
                return Ok(Kind::Struct(name, fields));
            }
        }
    }
}

/// A place in the outline, or the nearest one that is written down when the thing itself was left to its default.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    node: &'a Node,
    exact: bool,
}

impl<'a> Place<'a> {
    /// The whole scenario.
    pub fn root(node: &'a Node) -> Self {
        Place { node, exact: true }
    }

    /// The node here or around.
    pub fn node(self) -> &'a Node {
        self.node
    }

    /// Bytes of the text.
    pub fn span(self) -> Range<usize> {
        self.node.span.clone()
    }

    /// Whether this very thing is written in the text.
    pub fn is_written(self) -> bool {
        self.exact
    }

    fn step(self, to: Option<&'a Node>) -> Self {
        match to {
            Some(node) if self.exact => Place { node, exact: true },
            _ => Place { node: self.node, exact: false },
        }
    }

    /// A field, or an element of a struct written by position.
    pub fn field(self, name: &str) -> Self {
        self.step(self.node.field(name))
    }

    /// A field, or the element at this position where the author wrote none of the names.
    pub fn part(self, name: &str, position: usize) -> Self {
        self.step(self.node.field(name).or_else(|| match &self.node.kind {
            Kind::Tuple(_, items) => items.get(position),
            _ => None,
        }))
    }

    /// The value of a map's key.
    pub fn entry(self, key: &str) -> Self {
        self.step(self.node.entry(key))
    }

    /// The key itself.
    pub fn key(self, key: &str) -> Self {
        self.step(self.node.entries().iter().find(|entry| entry.0.text() == Some(key)).map(|entry| &entry.0))
    }

    /// An element of a list or tuple.
    pub fn item(self, index: usize) -> Self {
        self.step(self.node.items().get(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_knows_its_place() {
        let text = "#![enable(implicit_some)]\nS(a: \"x\\\"y\", /* c /* d */ */ b: {\"k\": [1, -2.5e3]}, c: N(1, E), d: r#\"q\"#,)";
        let root = Node::parse(text).unwrap();
        let at = |place: Place<'_>| text[place.span()].to_owned();
        let here = Place::root(&root);
        assert_eq!(at(here.field("a")), "\"x\\\"y\"");
        assert_eq!(root.field("a").unwrap().text(), Some("x\"y"));
        assert_eq!(at(here.field("b").entry("k").item(1)), "-2.5e3");
        assert_eq!(at(here.field("c").part("second", 1)), "E");
        assert_eq!(root.field("d").unwrap().text(), Some("q"));
        assert!(!here.field("c").field("left_out").is_written());
    }

    #[test]
    fn broken_text_is_an_error_and_not_a_panic() {
        for text in ["", "(", "(a:", "[1 2]", "{1}", "\"", "S(a: 1 b: 2)", "r#\"x\"", "'", "(a: 1) x", "é(", "b'"] {
            assert!(Node::parse(text).is_err(), "{text}");
        }
        assert!(Node::parse(&"[".repeat(100_000)).is_err());
    }
}
