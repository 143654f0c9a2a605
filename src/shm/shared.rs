//! What may live in shared memory, enforced by the compiler.
//!
//! Only atomics, arrays of them, and `repr(C)` structs made of such: no pointer, no reference, no
//! lock of one process, nothing with a `Drop`; all-zero bytes are a valid value, because the kernel
//! hands the region over zeroed and nobody writes to it before the fork but [`super::region`].

use super::atomic::AtomicU64;

/// A type that may live in the region.
///
/// A lock of the standard library waits in tables of one process:
///
/// ```compile_fail
/// fn may_live_in_the_region<T: palisade::shm::shared::Shared>() {}
/// may_live_in_the_region::<std::sync::Mutex<u64>>();
/// ```
///
/// A pointer means another thing in another process, and so does whatever holds one:
///
/// ```compile_fail
/// fn may_live_in_the_region<T: palisade::shm::shared::Shared>() {}
/// may_live_in_the_region::<Box<u64>>();
/// ```
///
/// ```compile_fail
/// fn may_live_in_the_region<T: palisade::shm::shared::Shared>() {}
/// may_live_in_the_region::<&'static u64>();
/// ```
///
/// A plain integer would be a data race:
///
/// ```compile_fail
/// fn may_live_in_the_region<T: palisade::shm::shared::Shared>() {}
/// may_live_in_the_region::<u64>();
/// ```
///
/// What does:
///
/// ```
/// fn may_live_in_the_region<T: palisade::shm::shared::Shared>() {}
/// may_live_in_the_region::<[core::sync::atomic::AtomicU64; 8]>();
/// ```
///
/// # Safety
///
/// The type is `repr(C)` or an atomic, consists of `Shared` parts, is valid when all its bytes are
/// zero, and has no `Drop`. [`shared_struct!`](crate::shared_struct) proves all of it.
pub unsafe trait Shared: Sync + 'static {}

// SAFETY: an atomic integer; zero is a valid value.
unsafe impl Shared for AtomicU64 {}

// SAFETY: an array of a type that keeps the contract keeps it too.
unsafe impl<T: Shared, const N: usize> Shared for [T; N] {}

/// Declares a struct that may live in the region: `repr(C)`, every field [`Shared`], its size
/// asserted.
///
/// A field that may not live there is a compile error:
///
/// ```compile_fail
/// palisade::shared_struct! {
///     /// Holds a pointer.
///     pub struct Wrong: 24 {
///         /// Not shared.
///         pub name: String,
///     }
/// }
/// ```
///
/// So is a size other than the one that was thought of:
///
/// ```compile_fail
/// palisade::shared_struct! {
///     /// Eight bytes, not sixteen.
///     pub struct Wrong: 16 {
///         /// One word.
///         pub word: core::sync::atomic::AtomicU64,
///     }
/// }
/// ```
#[macro_export]
macro_rules! shared_struct {
    ($(#[$meta:meta])* pub struct $name:ident: $size:literal {
        $($(#[$field_meta:meta])* pub $field:ident: $type:ty,)+
    }) => {
        $(#[$meta])*
        #[repr(C, align(64))]
        #[allow(missing_debug_implementations)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)+
        }

        // SAFETY: repr(C), and `every_field_is_shared` below does not compile unless each field
        // keeps the contract; a Drop is refused by `needs_drop`.
        unsafe impl $crate::shm::shared::Shared for $name {}

        #[cfg(not(loom))]
        const _: () = {
            const fn every_field_is_shared<T: $crate::shm::shared::Shared>() {}
            $(every_field_is_shared::<$type>();)+
            assert!(core::mem::size_of::<$name>() == $size);
            assert!(!core::mem::needs_drop::<$name>());
        };
    };
}
