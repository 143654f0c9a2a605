//! What is exported, and how it is kept from unwinding.

use super::tree::File;
use syn::visit::{self, Visit};
use syn::{Block, Expr, ItemFn, Stmt};

/// Who runs a body behind the panic boundary, and through whom.
const THROUGH: [(&str, &str); 3] = [
    ("guard", "catch_unwind"),
    ("with_firewall", "guard"),
    (MACRO, "with_firewall"),
];

/// The macro that an exported function's body is; its first word is the function's name.
const MACRO: &str = "exported";

/// Every `extern "C"` function lives in src/abi, and its body is one call of a boundary function,
/// under its own name, and nothing else.
pub fn exported_functions_stay_behind_the_boundary(file: &File) -> Vec<String> {
    let mut found = Functions {
        is_abi: file.room() == Some("abi"),
        complaints: vec![],
    };
    found.visit_file(&syn::parse_file(&file.text).expect("it compiles"));
    found.complaints
}

/// The boundary functions that are defined, each with the one it ends in.
pub fn boundary_functions(files: &[File]) -> Vec<(&'static str, &'static str)> {
    let items: Vec<_> = files
        .iter()
        .flat_map(|file| syn::parse_file(&file.text).expect("it compiles").items)
        .collect();
    let ends = |name: &str, through: &str| {
        items.iter().any(|item| match item {
            syn::Item::Fn(function) if function.sig.ident == name => {
                let last = function.block.stmts.last().and_then(call_of);
                last.is_some_and(|(name, _)| name == through)
            }
            syn::Item::Macro(item) if item.ident.as_ref().is_some_and(|ident| ident == name) => {
                every_arm_calls(&item.mac.tokens.to_string(), through)
            }
            _ => false,
        })
    };
    THROUGH
        .into_iter()
        .filter(|(name, through)| ends(name, through))
        .collect()
}

/// Does every arm of a macro begin with the call of a boundary function under the name that it is
/// given?
fn every_arm_calls(tokens: &str, through: &str) -> bool {
    let tokens: String = tokens.split_whitespace().collect();
    let call = format!("=>{{$crate::abi::boundary::{through}(stringify!($name),");
    let arms = tokens.matches("=>{$crate").count();
    arms > 0
        && arms == tokens.matches("($name:ident").count()
        && arms == tokens.matches(&call).count()
}

pub const fn all_boundary_functions() -> [(&'static str, &'static str); 3] {
    THROUGH
}

struct Functions {
    is_abi: bool,
    complaints: Vec<String>,
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        let name = function.sig.ident.to_string();
        if function.sig.abi.is_some() {
            if !self.is_abi {
                self.complaints
                    .push(format!("{name}: extern \"C\" outside src/abi"));
            }
            if !is_one_guarded_call(&function.block, &name) {
                self.complaints.push(format!(
                    "{name}: not one call of a boundary function under its own name"
                ));
            }
        } else if function.attrs.iter().any(is_export) {
            self.complaints
                .push(format!("{name}: exported, but not extern \"C\""));
        }
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if function.sig.abi.is_some() {
            self.complaints
                .push(format!("{}: extern \"C\" in an impl", function.sig.ident));
        }
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_item_foreign_mod(&mut self, _: &'ast syn::ItemForeignMod) {
        self.complaints
            .push("an extern block: the host is called through its table".into());
    }
}

fn is_export(attribute: &syn::Attribute) -> bool {
    let text = match &attribute.meta {
        syn::Meta::List(list) => list.tokens.to_string(),
        other => other
            .path()
            .get_ident()
            .map(ToString::to_string)
            .unwrap_or_default(),
    };
    text.contains("no_mangle") || text.contains("export_name")
}

fn is_one_guarded_call(block: &Block, name: &str) -> bool {
    let [statement] = block.stmts.as_slice() else {
        return false;
    };
    let Some((function, first)) = call_of(statement) else {
        return false;
    };
    THROUGH.iter().any(|(boundary, _)| *boundary == function) && first.as_deref() == Some(name)
}

/// The function that a statement calls, however it is wrapped, and its first argument if that is a
/// text.
fn call_of(statement: &Stmt) -> Option<(String, Option<String>)> {
    match statement {
        Stmt::Expr(expression, _) => call_in(expression),
        Stmt::Macro(statement) => macro_of(&statement.mac),
        _ => None,
    }
}

/// A macro that runs a body behind the boundary, and the name that it is given.
fn macro_of(called: &syn::Macro) -> Option<(String, Option<String>)> {
    let first = called.tokens.clone().into_iter().next();
    let name = called.path.get_ident()?.to_string();
    Some((name, first.map(|token| token.to_string())))
}

fn call_in(expression: &Expr) -> Option<(String, Option<String>)> {
    match expression {
        Expr::Unsafe(unsafe_block) => {
            let [statement] = unsafe_block.block.stmts.as_slice() else {
                return None;
            };
            call_of(statement)
        }
        Expr::Macro(expression) => macro_of(&expression.mac),
        Expr::MethodCall(method) => call_in(&method.receiver), // what becomes of the result
        Expr::Call(call) => {
            let Expr::Path(path) = &*call.func else {
                return None;
            };
            let name = path.path.segments.last()?.ident.to_string();
            let first = match call.args.first() {
                Some(Expr::Lit(syn::ExprLit {
                    lit: syn::Lit::Str(text),
                    ..
                })) => Some(text.value()),
                _ => None,
            };
            Some((name, first))
        }
        _ => None,
    }
}
