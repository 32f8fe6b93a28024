//! The error for an option whose cargo feature is not built in.

/// Names the feature, and says what to do.
pub(crate) fn not_built(feature: &str) -> String {
    format!(
        "このプログラムは {feature} 機能なしでビルドされています。配布版を使うか、`cargo build --release --features {feature}` でビルドしてください / \
         this program was built without the feature {feature}: take a released one, or build it with `cargo build --release --features {feature}`"
    )
}
