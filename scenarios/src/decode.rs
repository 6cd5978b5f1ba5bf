//! Decoding: from the outline to the schema's types through serde, with every mistake of the text and not just the first.
//!
//! ```text
//!  outline ──Decoder──► T      a mistake: noted with its place, the offending part left out, and once more from the top
//! ```
//! # Models      RON's data model with implicit `Some` and unwrapped newtypes; besides, fields may be given by position
//!   (`Cpu("web")` is `Cpu(group: "web")`), and an enum with a `Text`, `Number`, `List` or `Map` variant takes
//!   a bare value as that variant (`"90s"` for a constant distribution)
//! # Leaves out  borrowing from the text; integers beyond 64 bits

use crate::diagnostic::Diagnostic;
use crate::outline::{Field, Kind, Node};
use serde::de::{self, DeserializeSeed, Deserializer, Expected, Unexpected, Visitor, value::StrDeserializer};
use serde::forward_to_deserialize_any;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

/// More mistakes than this are not worth reading.
const MOST: usize = 60;

/// Parts a message for serde from its help.
const HELP: char = '\u{1}';

/// A message that carries its help through serde's errors.
pub fn with_help(message: &str, help: &str) -> String {
    format!("{message}{HELP}{help}")
}

/// The message and the help that it carries.
pub fn split_help(text: &str) -> (&str, &str) {
    text.split_once(HELP).unwrap_or((text, ""))
}

/// Decodes all that can be decoded, and says what could not.
pub fn decode<T: de::DeserializeOwned>(root: &Node) -> (Option<T>, Vec<Diagnostic>) {
    let mut removed = BTreeSet::new();
    let mut diagnostics = Vec::new();
    duplicates(root, &mut removed, &mut diagnostics);
    loop {
        let mistake = match T::deserialize(Decoder { node: root, removed: &removed, in_body: false }) {
            Ok(value) => return (Some(value), diagnostics),
            Err(mistake) => mistake,
        };
        let Some(place) = mistake.place.clone() else { return (None, diagnostics) };
        diagnostics.extend(mistake.diagnostic());
        // Every round takes away one part more, so this ends; a mistake of the root itself ends it at once.
        if place.id == root.id || diagnostics.len() >= MOST || !removed.insert(place.id) {
            return (None, diagnostics);
        }
    }
}

/// Fields and keys written twice; the second is left out.
fn duplicates(node: &Node, removed: &mut BTreeSet<usize>, diagnostics: &mut Vec<Diagnostic>) {
    let names: Vec<(&str, Range<usize>, usize)> = match &node.kind {
        Kind::Struct(_, fields) => {
            fields.iter().map(|field| (field.name.as_str(), field.name_span.clone(), field.value.id)).collect()
        }
        Kind::Map(entries) => entries
            .iter()
            .filter_map(|(key, value)| key.text().map(|text| (text, key.span.clone(), value.id)))
            .collect(),
        _ => Vec::new(),
    };
    let mut seen = BTreeSet::new();
    for (name, span, id) in names {
        if !seen.insert(name) {
            let diagnostic = Diagnostic::error(span, format!("`{name}` is given twice")).label("second time");
            diagnostics.push(diagnostic.help("keep one of them"));
            removed.insert(id);
        }
    }
    for child in node.children() {
        duplicates(child, removed, diagnostics);
    }
}

/// Something that could not be decoded.
#[derive(Debug)]
pub struct Mistake {
    what: What,
    place: Option<At>,
}

#[derive(Clone, Debug)]
struct At {
    id: usize,
    span: Range<usize>,
}

#[derive(Debug)]
enum What {
    Message(String),
    Wrong {
        found: String,
        expected: String,
    },
    UnknownField {
        found: String,
        known: &'static [&'static str],
    },
    UnknownVariant {
        found: String,
        known: Vec<&'static str>,
    },
    Missing(String),
    /// Follows from a mistake that was told before.
    Consequent,
}

impl Mistake {
    fn at(mut self, node: &Node) -> Self {
        self.place.get_or_insert(At { id: node.id, span: node.span.clone() });
        self
    }

    /// At the node itself, the names of an outer choice would have done as well.
    fn or_one_of(mut self, node: &Node, names: &[&'static str]) -> Self {
        if let (What::UnknownVariant { known, .. }, Some(place)) = (&mut self.what, &self.place)
            && place.id == node.id
        {
            known.splice(0..0, names.iter().copied());
        }
        self
    }

    fn new(what: What, node: &Node) -> Self {
        Mistake { what, place: None }.at(node)
    }

    fn diagnostic(self) -> Option<Diagnostic> {
        let span = self.place?.span;
        Some(match self.what {
            What::Consequent => return None,
            What::Message(text) => {
                let mut parts = text.split(HELP);
                let diagnostic = Diagnostic::error(span, parts.next().unwrap_or_default());
                parts.fold(diagnostic, Diagnostic::help)
            }
            What::Wrong { found, expected } => Diagnostic::error(span, format!("expected {expected}, found {found}"))
                .label(format!("expected {expected}")),
            What::UnknownField { found, known } => Diagnostic::error(span, format!("unknown field `{found}`"))
                .label("not known here")
                .help_names("field", &found, known),
            What::UnknownVariant { found, known } => {
                let known: Vec<&str> = known.iter().copied().filter(|name| !BARE.contains(name)).collect();
                Diagnostic::error(span, format!("unknown name `{found}`"))
                    .label("not one of the choices")
                    .help_names("choice", &found, &known)
            }
            What::Missing(field) => {
                Diagnostic::error(span, format!("missing field `{field}`")).label(format!("needs `{field}`"))
            }
        })
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.what)
    }
}

impl std::error::Error for Mistake {}

impl de::Error for Mistake {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Mistake { what: What::Message(message.to_string()), place: None }
    }
    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Mistake { what: What::Wrong { found: seen(&found), expected: plain(expected) }, place: None }
    }
    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }
    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Mistake { what: What::Wrong { found: format!("{length} values"), expected: plain(expected) }, place: None }
    }
    fn unknown_field(found: &str, known: &'static [&'static str]) -> Self {
        Mistake { what: What::UnknownField { found: found.to_owned(), known }, place: None }
    }
    fn unknown_variant(found: &str, known: &'static [&'static str]) -> Self {
        Mistake { what: What::UnknownVariant { found: found.to_owned(), known: known.to_vec() }, place: None }
    }
    fn missing_field(field: &'static str) -> Self {
        Mistake { what: What::Missing(field.to_owned()), place: None }
    }
}

/// What was found, in the user's words instead of Rust's.
fn seen(found: &Unexpected<'_>) -> String {
    match found {
        Unexpected::Unsigned(number) => format!("the number {number}"),
        Unexpected::Signed(number) => format!("the number {number}"),
        Unexpected::Float(number) => format!("the number {number}"),
        Unexpected::Str(text) => format!("the text \"{text}\""),
        Unexpected::Bool(value) => format!("`{value}`"),
        other => other.to_string(),
    }
}

/// What is expected, in the user's words instead of Rust's.
fn plain(expected: &dyn Expected) -> String {
    match expected.to_string().as_str() {
        "u8" | "u16" | "u32" => "a whole number from 0".to_owned(),
        "u64" => "a whole number from 0".to_owned(),
        "i32" | "i64" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a string" => "a text in quotes".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "a sequence" => "a list in `[ ]`".to_owned(),
        other => other
            .strip_prefix("struct ")
            .map_or_else(|| other.to_owned(), |name| format!("the settings of `{name}` in `( )`")),
    }
}

/// Names of variants that stand for a bare value.
pub(crate) const BARE: [&str; 5] = ["Text", "Number", "List", "Map", OTHER];

/// Name of the variant that takes what is none of the others, whole.
const OTHER: &str = "Other";

#[derive(Clone, Copy)]
struct Decoder<'a> {
    node: &'a Node,
    removed: &'a BTreeSet<usize>,
    /// The value is what stands in the parentheses of a variant; its name has been read.
    in_body: bool,
}

impl<'a> Decoder<'a> {
    fn to(self, node: &'a Node) -> Self {
        Decoder { node, in_body: false, ..self }
    }

    fn wrong<T>(self, expected: &dyn Expected) -> Result<T, Mistake> {
        let found = match &self.node.kind {
            Kind::Str(text) => format!("the text \"{text}\""),
            Kind::Number(text) => format!("the number {text}"),
            Kind::Word(name) => format!("`{name}`"),
            Kind::Struct(Some(name), _) | Kind::Tuple(Some(name), _) => format!("`{name}(..)`"),
            Kind::Struct(None, _) | Kind::Tuple(None, _) => "`(..)`".to_owned(),
            Kind::List(_) => "a list".to_owned(),
            Kind::Map(_) => "a map".to_owned(),
            Kind::Other => "a character or bytes".to_owned(),
        };
        Err(Mistake::new(What::Wrong { found, expected: plain(expected) }, self.node))
    }

    /// In a variant's parentheses, the one value there.
    fn inner(self) -> Result<Self, Mistake> {
        match &self.node.kind {
            _ if !self.in_body => Ok(self),
            Kind::Tuple(_, items) => match items.as_slice() {
                [one] if self.removed.contains(&one.id) => Err(Mistake::new(What::Consequent, self.node)),
                [one] => Ok(self.to(one)),
                _ => {
                    let found = format!("{} values", items.len());
                    Err(Mistake::new(
                        What::Wrong { found, expected: "one value in the parentheses".to_owned() },
                        self.node,
                    ))
                }
            },
            _ => {
                let (found, expected) = ("fields".to_owned(), "one value in the parentheses".to_owned());
                Err(Mistake::new(What::Wrong { found, expected }, self.node))
            }
        }
    }

    /// Fields by name, or by position in the order of `names`.
    fn visit_fields<V: Visitor<'a>>(self, names: &'static [&'static str], visitor: V) -> Result<V::Value, Mistake> {
        let node = self.node;
        let parts: Vec<Part<'a>> = match &node.kind {
            Kind::Struct(_, fields) => fields.iter().map(Part::from).collect(),
            Kind::Tuple(_, items) if items.len() <= names.len() => {
                let part =
                    |(item, name): (&'a Node, &&'static str)| Part { name, span: item.span.clone(), value: item };
                items.iter().zip(names).map(part).collect()
            }
            Kind::Tuple(_, items) => {
                let (found, expected) = (format!("{} values", items.len()), format!("at most {}", names.len()));
                return Err(Mistake::new(What::Wrong { found, expected }, &items[names.len()]));
            }
            Kind::Word(_) => Vec::new(),
            _ => return self.wrong(&visitor),
        };
        let gone: Vec<&str> = parts.iter().filter(|p| self.removed.contains(&p.value.id)).map(|p| p.name).collect();
        let left = parts.iter().filter(|part| !self.removed.contains(&part.value.id)).cloned().collect();
        visitor.visit_map(Parts { decoder: self, left, at: 0 }).map_err(|mistake| match &mistake.what {
            // Left out for a mistake of its own, or probably meant by one that nobody knows.
            What::Missing(field)
                if mistake.place.is_none()
                    && (gone.contains(&field.as_str()) || crate::diagnostic::nearest(field, &gone).is_some()) =>
            {
                Mistake::new(What::Consequent, node)
            }
            _ => mistake.at(node),
        })
    }

    fn number<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let Kind::Number(text) = &self.node.kind else { return self.wrong(&visitor) };
        let digits = text.replace('_', "");
        let radix = |prefix: &str, base| digits.strip_prefix(prefix).and_then(|d| u64::from_str_radix(d, base).ok());
        let whole =
            radix("0x", 16).or_else(|| radix("0b", 2)).or_else(|| radix("0o", 8)).or_else(|| digits.parse().ok());
        let read = if let Some(number) = whole {
            visitor.visit_u64(number)
        } else if let Ok(number) = digits.parse::<i64>() {
            visitor.visit_i64(number)
        } else {
            match digits.parse::<f64>() {
                Ok(number) if number.is_finite() => visitor.visit_f64(number),
                _ => return self.wrong(&visitor),
            }
        };
        read.map_err(|mistake: Mistake| mistake.at(self.node))
    }
}

#[derive(Clone)]
struct Part<'a> {
    name: &'a str,
    span: Range<usize>,
    value: &'a Node,
}

impl<'a> From<&'a Field> for Part<'a> {
    fn from(field: &'a Field) -> Self {
        Part { name: &field.name, span: field.name_span.clone(), value: &field.value }
    }
}

struct Parts<'a> {
    decoder: Decoder<'a>,
    left: Vec<Part<'a>>,
    at: usize,
}

impl<'a> de::MapAccess<'a> for Parts<'a> {
    type Error = Mistake;
    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Mistake> {
        let Some(part) = self.left.get(self.at) else { return Ok(None) };
        let key: StrDeserializer<'_, Mistake> = StrDeserializer::new(part.name);
        seed.deserialize(key).map(Some).map_err(|mut mistake| {
            mistake.place = Some(At { id: part.value.id, span: part.span.clone() });
            mistake
        })
    }
    fn next_value_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<S::Value, Mistake> {
        let part = &self.left[self.at];
        self.at += 1;
        seed.deserialize(self.decoder.to(part.value)).map_err(|mistake| mistake.at(part.value))
    }
}

struct Items<'a> {
    decoder: Decoder<'a>,
    left: std::slice::Iter<'a, Node>,
}

impl<'a> de::SeqAccess<'a> for Items<'a> {
    type Error = Mistake;
    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Mistake> {
        let removed = self.decoder.removed;
        let Some(node) = self.left.find(|node| !removed.contains(&node.id)) else { return Ok(None) };
        seed.deserialize(self.decoder.to(node)).map(Some).map_err(|mistake| mistake.at(node))
    }
}

struct Entries<'a> {
    decoder: Decoder<'a>,
    left: std::slice::Iter<'a, (Node, Node)>,
    value: Option<&'a Node>,
}

impl<'a> de::MapAccess<'a> for Entries<'a> {
    type Error = Mistake;
    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Mistake> {
        let removed = self.decoder.removed;
        let Some((key, value)) = self.left.find(|entry| !removed.contains(&entry.1.id)) else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(self.decoder.to(key)).map(Some).map_err(|mut mistake| {
            // Without its key the whole entry is left out.
            mistake.place = Some(At { id: value.id, span: key.span.clone() });
            mistake
        })
    }
    fn next_value_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<S::Value, Mistake> {
        let Some(node) = self.value.take() else { return Err(de::Error::custom("a key without a value")) };
        seed.deserialize(self.decoder.to(node)).map_err(|mistake| mistake.at(node))
    }
}

struct Variant<'a> {
    decoder: Decoder<'a>,
    name: &'a str,
}

impl<'a> de::EnumAccess<'a> for Variant<'a> {
    type Error = Mistake;
    type Variant = Self;
    fn variant_seed<S: DeserializeSeed<'a>>(self, seed: S) -> Result<(S::Value, Self), Mistake> {
        let node = self.decoder.node;
        let name: StrDeserializer<'_, Mistake> = StrDeserializer::new(self.name);
        let value = seed.deserialize(name).map_err(|mut mistake| {
            // The name alone is marked, not all that stands in its parentheses.
            let end = if node.name().is_some() { node.span.start + self.name.len() } else { node.span.end };
            mistake.place = Some(At { id: node.id, span: node.span.start..end.min(node.span.end) });
            mistake
        })?;
        Ok((value, self))
    }
}

impl<'a> de::VariantAccess<'a> for Variant<'a> {
    type Error = Mistake;
    fn unit_variant(self) -> Result<(), Mistake> {
        match &self.decoder.node.kind {
            Kind::Word(_) => Ok(()),
            Kind::Tuple(_, items) if items.is_empty() => Ok(()),
            _ => self.decoder.wrong(&format!("`{}` alone", self.name).as_str()),
        }
    }
    fn newtype_variant_seed<T: DeserializeSeed<'a>>(self, seed: T) -> Result<T::Value, Mistake> {
        let decoder = self.decoder;
        let in_body = decoder.node.name().is_some() && self.name != OTHER;
        seed.deserialize(Decoder { in_body, ..decoder }).map_err(|mistake| mistake.at(decoder.node))
    }
    fn tuple_variant<V: Visitor<'a>>(self, _: usize, visitor: V) -> Result<V::Value, Mistake> {
        let items = self.decoder.node.items();
        let read = visitor.visit_seq(Items { decoder: self.decoder, left: items.iter() });
        read.map_err(|mistake| mistake.at(self.decoder.node))
    }
    fn struct_variant<V: Visitor<'a>>(self, names: &'static [&'static str], visitor: V) -> Result<V::Value, Mistake> {
        self.decoder.visit_fields(names, visitor)
    }
}

impl<'a> Deserializer<'a> for Decoder<'a> {
    type Error = Mistake;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let this = self.inner()?;
        match &this.node.kind {
            Kind::Str(text) => visitor.visit_str(text).map_err(|mistake: Mistake| mistake.at(this.node)),
            Kind::Number(_) => this.number(visitor),
            Kind::Word(word) if word == "true" => {
                visitor.visit_bool(true).map_err(|mistake: Mistake| mistake.at(this.node))
            }
            Kind::Word(word) if word == "false" => {
                visitor.visit_bool(false).map_err(|mistake: Mistake| mistake.at(this.node))
            }
            Kind::List(_) => this.deserialize_seq(visitor),
            Kind::Map(_) => this.deserialize_map(visitor),
            _ => this.wrong(&visitor),
        }
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let this = self.inner()?;
        match &this.node.kind {
            Kind::Word(word) if word == "None" => visitor.visit_none(),
            Kind::Tuple(Some(name), items) if name == "Some" && items.len() == 1 => {
                visitor.visit_some(Decoder { in_body: true, ..this }.inner()?)
            }
            _ => visitor.visit_some(this),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(self, _: &'static str, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let this = self.inner()?;
        match &this.node.kind {
            Kind::List(items) | Kind::Tuple(None, items) => {
                visitor.visit_seq(Items { decoder: this, left: items.iter() }).map_err(|mistake| match &mistake.what {
                    _ if mistake.place.is_none() && items.iter().any(|item| this.removed.contains(&item.id)) => {
                        Mistake::new(What::Consequent, this.node)
                    }
                    _ => mistake.at(this.node),
                })
            }
            _ => this.wrong(&visitor),
        }
    }

    fn deserialize_tuple<V: Visitor<'a>>(self, length: usize, visitor: V) -> Result<V::Value, Mistake> {
        let this = self.inner()?;
        let whole = this.node.items().len() == length && matches!(this.node.kind, Kind::List(_) | Kind::Tuple(None, _));
        if whole { this.deserialize_seq(visitor) } else { this.wrong(&visitor) }
    }

    fn deserialize_map<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let this = self.inner()?;
        let Kind::Map(entries) = &this.node.kind else { return this.wrong(&visitor) };
        let access = Entries { decoder: this, left: entries.iter(), value: None };
        visitor.visit_map(access).map_err(|mistake| mistake.at(this.node))
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        // `Rds((..))` is `Rds(..)`.
        let this = match &self.node.kind {
            Kind::Tuple(_, items) if self.in_body && items.len() == 1 => match items[0].kind {
                Kind::Struct(None, _) => self.to(&items[0]),
                _ => self,
            },
            _ => self,
        };
        match this.node.name() {
            Some(found) if !this.in_body && found != name => this.wrong(&format!("`{name}(..)` or `(..)`").as_str()),
            _ => this.visit_fields(names, visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        let this = self.inner()?;
        let bare = match &this.node.kind {
            Kind::Str(_) => "Text",
            Kind::Number(_) if names.contains(&"Number") => "Number",
            // A number where a text is meant lacks its unit; whoever reads the text says so.
            Kind::Number(_) => "Text",
            Kind::List(_) => "List",
            Kind::Map(_) => "Map",
            _ => "",
        };
        let name = match this.node.name() {
            Some(name) if names.contains(&name) && !BARE.contains(&name) => name,
            None if names.contains(&bare) => bare,
            _ if names.contains(&OTHER) => OTHER,
            Some(name) if !BARE.contains(&name) => name,
            _ => {
                let bare = [("Text", "a text in quotes"), ("Number", "a number"), ("List", "a list"), ("Map", "a map")];
                let bare = bare.iter().filter(|(name, _)| names.contains(name)).map(|(_, what)| (*what).to_owned());
                let words = names.iter().filter(|name| !BARE.contains(name)).map(|name| format!("`{name}`"));
                let known: Vec<String> = bare.chain(words).collect();
                let known =
                    if let [only] = known.as_slice() { only.clone() } else { format!("one of {}", known.join(", ")) };
                return this.wrong(&known.as_str());
            }
        };
        let entered = visitor.visit_enum(Variant { decoder: this, name });
        let known = if name == OTHER { names } else { &[] };
        entered.map_err(|mistake| mistake.at(this.node).or_one_of(this.node, known))
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_any(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        <V: Visitor<'a>>
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        tuple_struct identifier
    }
}
