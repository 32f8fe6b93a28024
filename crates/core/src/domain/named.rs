//! Enums whose variants each have a name: one table defines the variants, their names in JSON,
//! `name` and `ALL`.

/// Defines an enum from a list of variants and names.
#[macro_export]
macro_rules! named {
    ($(#[$meta:meta])* pub enum $enum:ident { $($(#[$of_variant:meta])* $variant:ident = $name:literal),+ $(,)? }) => {
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        $(#[$meta])*
        pub enum $enum { $($(#[$of_variant])* #[serde(rename = $name)] $variant),+ }

        impl $enum {
            /// All values, in the order of their declaration.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// Returns the name in JSON. It is the same everywhere else.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

pub use named;

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use crate::domain::operation::Operation;

    #[test]
    fn json_and_name_agree_and_another_name_is_an_error() {
        for (place, operation) in Operation::ALL.into_iter().enumerate() {
            assert_eq!(operation as usize, place);
            assert_eq!(json!(operation), json!(operation.name()));
            assert_eq!(from_value::<Operation>(json!(operation.name())).unwrap(), operation);
        }
        let error = from_value::<Operation>(json!("Search")).unwrap_err().to_string();
        assert!(error.starts_with("unknown variant `Search`, expected one of `login`, `search`"), "{error}");
    }
}
