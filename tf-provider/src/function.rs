//! A function: what its author writes.

use crate::{Field, Model, Result};

/// Something that configurations compute with: `provider::<provider>::<name>(…)`.
///
/// The fields of the struct are the parameters, in order; their doc comments describe them, and the doc
/// comment of the struct describes the function, its first paragraph in a line of its own. Fields can
/// be validated as those of any model.
///
/// ```
/// use std::net::Ipv4Addr;
///
/// use tf_provider::{Diagnostic, Function, Model, Result, Normalized};
///
/// /// Names the host of an address.
/// ///
/// /// The name has the form `ip-10-0-0-1.example.net`.
/// #[derive(Model)]
/// struct HostName {
///     /// Address of the host.
///     address: Normalized<Ipv4Addr>,
///     /// Labels of the domain.
///     labels: Vec<String>,
/// }
///
/// impl Function for HostName {
///     const NAME: &'static str = "host_name";
///     const VARIADIC: bool = true;
///     type Output = String;
///
///     fn call(self) -> Result<String> {
///         if self.labels.is_empty() {
///             return Err(Diagnostic::error("there is no domain").at("labels").into());
///         }
///         let host = self.address.octets().map(|octet| octet.to_string()).join("-");
///         Ok(format!("ip-{host}.{}", self.labels.join(".")))
///     }
/// }
///
/// let labels = ["example", "net"].map(str::to_owned).into();
/// let name = HostName { address: Normalized::new(Ipv4Addr::LOCALHOST), labels }.call()?;
/// assert_eq!(name, "ip-127-0-0-1.example.net");
/// # Ok::<(), tf_provider::Diagnostics>(())
/// ```
///
/// | a parameter of type | is called with |
/// | --- | --- |
/// | `T` | a value; Terraform itself refuses null, and waits until an unknown is known |
/// | `Option<T>` | null, too |
/// | [`Maybe<T>`](crate::Maybe) | null and unknown, too |
///
/// The elements of a `Vec<Option<T>>` that takes all further arguments may be null, too. The same types as
/// [`Output`](Self::Output) answer null or unknown.
///
/// A function is a function of its arguments alone: no client, no clock, no environment. Terraform calls it
/// while the provider is not configured, calls it again during apply, and fails when the answers differ.
pub trait Function: Model {
    /// Its name, a verb: `parse_rule`.
    const NAME: &'static str;
    /// Whether the last field, a `Vec`, takes all the arguments that are left.
    const VARIADIC: bool = false;
    /// What it answers.
    type Output: Field;

    /// Computes it. An error that is [`at`](crate::Diagnostic::at) a field blames that argument.
    fn call(self) -> Result<Self::Output>;
}
