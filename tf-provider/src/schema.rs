//! Schemas as plain values. `#[derive(Model)]` calls nothing but what is public here.

mod check;
mod lint;
mod validator;

use std::{fmt, sync::Arc};

pub use self::validator::Validator;
use crate::{
    diagnostics::Diagnostics,
    path::Path,
    value::{Type, Value},
};

/// The attributes of a resource, or of an object inside one.
#[derive(Clone, Debug, Default)]
pub struct Object {
    /// What it is, in Markdown.
    pub doc: String,
    /// Its attributes, in the order of their declaration.
    pub attributes: Vec<Attribute>,
    /// Why not to use it any more, if so.
    pub deprecated: Option<String>,
}

/// One attribute and everything that is to be known about it.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a yes or no of Terraform's own")]
pub struct Attribute {
    /// Its name in a configuration.
    pub name: String,
    /// What it means, in Markdown.
    pub doc: String,
    /// What it holds.
    pub kind: AttributeType,
    /// Who sets it.
    pub mode: Mode,
    /// Whether it is only passed on, and never stored in plan or state.
    pub write_only: bool,
    /// Whether a function of which it is a parameter is called while it is unknown.
    pub unknown: bool,
    /// Whether null can be an element of it.
    pub null_elements: bool,
    /// Whether Terraform hides its value.
    pub sensitive: bool,
    /// Whether a change replaces the whole object.
    pub requires_replace: bool,
    /// Whether an update may change it though the configuration does not set it. The value of any
    /// other computed attribute is stable: a plan shows the value that it has now.
    pub unknown_on_update: bool,
    /// The value where the configuration sets none.
    pub default: Option<Value>,
    /// What an acceptable value fulfils.
    pub validators: Vec<Validator>,
    /// When two values mean the same.
    pub semantic_equals: SemanticEquality,
    /// Why not to use it any more, if so.
    pub deprecated: Option<String>,
    /// Says what is wrong with the parts of a value that are known.
    pub(crate) check_parts: fn(&Value, &Path, &mut Diagnostics),
}

/// What an attribute holds.
#[derive(Clone, Debug)]
pub enum AttributeType {
    /// A value of a type. Terraform takes it as a whole.
    Plain(Type),
    /// Objects with attributes of their own, planned one by one.
    Nested(Nesting, Object),
    /// The same, but declared as a plain type and planned as a whole. Terraform then shows an
    /// inserted list element as one insertion, where it would show a nested list as changed from
    /// there to its end.
    Flat(Nesting, Object),
}

/// How many objects an attribute holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// One.
    Single,
    /// Any number, in order.
    List,
    /// Any number, without order.
    Set,
    /// Any number, each under a key.
    Map,
}

/// Who sets an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The configuration must.
    Required,
    /// The configuration may.
    Optional,
    /// The provider.
    Computed,
    /// The configuration may, else the provider does.
    OptionalComputed,
}

/// Tells whether two values of an attribute mean the same, such as `10.0.0.0/8` and `10.1.2.3/8`.
#[derive(Clone)]
pub struct SemanticEquality(Arc<Compare>);

type Compare = dyn Fn(&Value, &Value) -> bool + Send + Sync;

impl Object {
    /// An object with these attributes.
    pub fn new(doc: impl Into<String>, attributes: Vec<Attribute>) -> Self {
        let attributes = attributes.into_iter().map(Attribute::normalize).collect();
        Self { doc: doc.into(), attributes, deprecated: None }
    }

    /// Warns those who still use it.
    #[must_use]
    pub fn deprecated(self, why: impl Into<String>) -> Self {
        Self { deprecated: Some(why.into()), ..self }
    }

    /// The attribute of that name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// The type of its values on the wire.
    pub fn ty(&self) -> Type {
        Type::object(self.attributes.iter().map(|attribute| (&attribute.name, attribute.ty())))
    }

    /// The same object as the user alone sets it: what has a default may be left out, and that is all.
    pub(crate) fn configured(mut self) -> Self {
        for attribute in &mut self.attributes {
            if attribute.mode == Mode::OptionalComputed {
                attribute.mode = Mode::Optional;
            }
            if let AttributeType::Nested(_, object) = &mut attribute.kind {
                *object = std::mem::take(object).configured();
            }
        }
        self
    }

    /// The same object as the provider alone sets it.
    fn computed(mut self) -> Self {
        for attribute in &mut self.attributes {
            attribute.mode = Mode::Computed;
            if let AttributeType::Nested(_, object) = &mut attribute.kind {
                *object = std::mem::take(object).computed();
            }
        }
        self
    }
}

impl Attribute {
    /// A change replaces the whole object.
    #[must_use]
    pub fn requires_replace(self) -> Self {
        Self { requires_replace: true, ..self }
    }

    /// Any update may change it.
    #[must_use]
    pub fn unknown_on_update(self) -> Self {
        Self { unknown_on_update: true, ..self }
    }

    /// The configuration may set it, even though the provider computes it otherwise.
    #[must_use]
    pub fn optional(self) -> Self {
        let mode = match self.mode {
            Mode::Computed | Mode::OptionalComputed => Mode::OptionalComputed,
            Mode::Required | Mode::Optional => Mode::Optional,
        };
        Self { mode, ..self }
    }

    /// Terraform hides its value.
    #[must_use]
    pub fn sensitive(self) -> Self {
        Self { sensitive: true, ..self }
    }

    /// The value where the configuration sets none. Terraform wants such an attribute to be
    /// optional and computed.
    #[must_use]
    pub fn default(self, value: impl Into<Value>) -> Self {
        Self { default: Some(value.into()), mode: Mode::OptionalComputed, ..self }
    }

    /// Warns those who still use it.
    #[must_use]
    pub fn deprecated(self, why: impl Into<String>) -> Self {
        Self { deprecated: Some(why.into()), ..self }
    }

    /// Declares nested objects as a plain type: see [`AttributeType::Flat`].
    #[must_use]
    pub fn plain(self) -> Self {
        let kind = match self.kind {
            AttributeType::Nested(nesting, object) => AttributeType::Flat(nesting, object),
            kind => kind,
        };
        Self { kind, ..self }
    }

    /// The type of its values on the wire.
    pub fn ty(&self) -> Type {
        self.kind.ty()
    }

    /// Whether the configuration may set it.
    pub fn is_configurable(&self) -> bool {
        self.mode != Mode::Computed
    }

    /// Whether the provider may set it.
    pub fn is_computed(&self) -> bool {
        matches!(self.mode, Mode::Computed | Mode::OptionalComputed)
    }

    /// Whether the provider sets it to what only the provider knows.
    pub(crate) fn is_decided(&self) -> bool {
        self.is_computed() && self.default.is_none()
    }

    /// Nobody can configure a part of what the provider alone sets.
    fn normalize(mut self) -> Self {
        if let (Mode::Computed, AttributeType::Nested(_, object)) = (self.mode, &mut self.kind) {
            *object = std::mem::take(object).computed();
        }
        self
    }
}

impl AttributeType {
    /// The type of its values on the wire. For [`AttributeType::Flat`] it says which attributes of an
    /// object may be left out, as in `list(object({ port = optional(number) }))`.
    pub fn ty(&self) -> Type {
        let (nesting, object) = match self {
            Self::Plain(ty) => return ty.clone(),
            Self::Nested(nesting, object) => (*nesting, object.ty()),
            Self::Flat(nesting, object) => {
                let optional = object.attributes.iter().filter(|one| one.mode != Mode::Required);
                let names = optional.map(|one| one.name.clone());
                (*nesting, object.ty().with_optional(names))
            }
        };
        match nesting {
            Nesting::Single => object,
            Nesting::List => Type::List(Box::new(object)),
            Nesting::Set => Type::Set(Box::new(object)),
            Nesting::Map => Type::Map(Box::new(object)),
        }
    }

    /// The objects that it holds, declared one way or the other.
    pub fn objects(&self) -> Option<(Nesting, &Object)> {
        match self {
            Self::Plain(_) => None,
            Self::Nested(nesting, object) | Self::Flat(nesting, object) => Some((*nesting, object)),
        }
    }
}

impl SemanticEquality {
    /// What this function says of two values.
    pub fn new(compare: impl Fn(&Value, &Value) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(compare))
    }

    /// Whether the two mean the same.
    pub fn holds(&self, a: &Value, b: &Value) -> bool {
        (self.0)(a, b)
    }
}

impl fmt::Debug for SemanticEquality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SemanticEquality")
    }
}
