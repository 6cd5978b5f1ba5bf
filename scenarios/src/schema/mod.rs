//! The schema: what a user may write, one file per part; `sim schema` prints its comments as the reference.
//!
//! ```text
//!  .ron ──decode──► Scenario (this module: names, texts, options) ──resolve──► models::plan::Plan (ids, values)
//! ```
//! # Models      spelling of AWS and Terraform; every optional setting is an `Option` whose default its comment states
//! # Leaves out  defaults themselves and checks across settings: `resolve` has them, with the numbers of the scenario

mod alarm;
mod balancer;
mod beanstalk;
mod client;
mod dist;
mod edge;
mod expect;
mod failure;
mod fault;
mod fleet;
mod lifecycle;
mod listener;
mod machine;
mod metric;
mod mixed;
mod operation;
mod profile;
mod refresh;
mod scaling;
mod scenario;
mod service;
mod store;
mod warm_pool;

pub use alarm::*;
pub use balancer::*;
pub use beanstalk::*;
pub use client::*;
pub use dist::*;
pub use edge::*;
pub use expect::*;
pub use failure::*;
pub use fault::*;
pub use fleet::*;
pub use lifecycle::*;
pub use listener::*;
pub use machine::*;
pub use metric::*;
pub use mixed::*;
pub use operation::*;
pub use profile::*;
pub use refresh::*;
pub use scaling::*;
pub use scenario::*;
pub use service::*;
pub use store::*;
pub use warm_pool::*;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// Things by name, in the order of the file.
#[derive(Clone, Debug)]
pub struct Named<T>(pub Vec<(String, T)>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Named(Vec::new())
    }
}

impl<T> Named<T> {
    /// In the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, thing)| (name.as_str(), thing))
    }

    /// The thing of that name.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.0.iter().find(|entry| entry.0 == name).map(|entry| &entry.1)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reads<T> {
            type Value = Named<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map such as `{\"name\": ..}`")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Named<T>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = access.next_entry()? {
                    entries.push(entry);
                }
                Ok(Named(entries))
            }
        }
        deserializer.deserialize_map(Reads(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("Named{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let inner = generator.subschema_for::<T>();
        json_schema!({ "type": "object", "additionalProperties": inner })
    }
}
