//! The Rhai sandbox: a product's script is compiled at load; its functions turn values into values and can do nothing else.
//!
//! A function sees its arguments alone: no clock, no file, no network, no module, no printing. Whatever it does is bounded in steps, depth, sizes and time.

mod convert;
mod sandbox;

use convert::{to_dynamic, to_value};
use rhai::{AST, CallFnOptions, Dynamic, EvalAltResult, FnAccess, Position, Scope};
use sandbox::Sandbox;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

const LONGEST_SCRIPT: usize = 256 * 1024;
const LONGEST_WORDS: usize = 300;

/// A compiled script file.
pub struct Script {
    name: Arc<str>,
    ast: AST,
    sandbox: Sandbox,
}

/// Why a script does not compile, or why a call of it has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// It does not compile.
    #[error("{message} (line {line}, column {column})")]
    Syntax {
        /// What is wrong, in words.
        message: String,
        /// The line, from 1; 0 where there is none.
        line: usize,
        /// The column, from 1; 0 where there is none.
        column: usize,
    },
    /// The script refuses the request with these words: `throw "…"`.
    #[error("the script refuses the value")]
    Refused(String),
    /// It ran into a limit or a mistake of its own.
    #[error("`{function}` failed at line {line}: {reason}")]
    Fault {
        /// The function called.
        function: String,
        /// The line, from 1; 0 where there is none.
        line: usize,
        /// What went wrong, never with a value in it.
        reason: &'static str,
    },
}

impl Script {
    /// Compiles a script file; `name` is how messages call it.
    ///
    /// # Errors
    /// [`ScriptError::Syntax`], also for what the sandbox does not have (`eval`, `import`, `print`) and for unknown variables.
    pub fn compile(name: &str, text: &str) -> Result<Script, ScriptError> {
        if text.len() > LONGEST_SCRIPT {
            let message = format!("the script is longer than {LONGEST_SCRIPT} bytes");
            return Err(ScriptError::Syntax { message, line: 0, column: 0 });
        }
        let sandbox = Sandbox::new();
        let mut ast = sandbox.compiler().compile(text).map_err(|cause| ScriptError::Syntax {
            message: cause.err_type().to_string(),
            line: cause.position().line().unwrap_or(0),
            column: cause.position().position().unwrap_or(0),
        })?;
        ast.clear_statements();
        Ok(Script { name: name.into(), ast, sandbox })
    }

    /// The name of the file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The functions that a mapping may name, with their numbers of parameters.
    pub fn functions(&self) -> Vec<(&str, usize)> {
        let public = self.ast.iter_functions().filter(|function| function.access == FnAccess::Public);
        public.map(|function| (function.name, function.params.len())).collect()
    }

    /// Calls a function.
    ///
    /// # Errors
    /// The script refuses, fails, or runs into a limit; or there is no such function.
    pub fn call(&self, function: &str, arguments: &[Value]) -> Result<Value, ScriptError> {
        self.call_within(sandbox::FUSE, function, arguments)
    }

    fn call_within(&self, fuse: Duration, function: &str, arguments: &[Value]) -> Result<Value, ScriptError> {
        let fault = |reason| ScriptError::Fault { function: function.to_owned(), line: 0, reason };
        let arguments = arguments.iter().map(to_dynamic).collect::<Result<Vec<Dynamic>, _>>().map_err(fault)?;
        let engine = self.sandbox.runner(Instant::now() + fuse);
        let options = CallFnOptions::new().eval_ast(false);
        let result = engine
            .call_fn_with_options::<Dynamic>(options, &mut Scope::new(), &self.ast, function, arguments)
            .map_err(|cause| failure(function, &cause))?;
        to_value(&result).map_err(fault)
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").field("name", &self.name).field("functions", &self.functions()).finish()
    }
}

fn failure(function: &str, cause: &EvalAltResult) -> ScriptError {
    let line = innermost_line(cause);
    match cause.unwrap_inner() {
        EvalAltResult::ErrorRuntime(words, _) => ScriptError::Refused(refusal(words)),
        other => ScriptError::Fault { function: function.to_owned(), line, reason: reason(other) },
    }
}

fn refusal(words: &Dynamic) -> String {
    let text = words.read_lock::<rhai::ImmutableString>().map(|text| text.to_string());
    text.map_or_else(|| "refused by the product's script".to_owned(), |text| text.chars().take(LONGEST_WORDS).collect())
}

fn innermost_line(cause: &EvalAltResult) -> usize {
    let own = |position: Position| position.line().unwrap_or(0);
    match cause {
        EvalAltResult::ErrorInFunctionCall(_, _, inner, position) => match innermost_line(inner) {
            0 => own(*position),
            line => line,
        },
        other => own(other.position()),
    }
}

/// Rhai's own messages quote values, so every kind of fault has fixed words here.
fn reason(cause: &EvalAltResult) -> &'static str {
    match cause {
        EvalAltResult::ErrorTooManyOperations(_) => "it takes too many steps",
        EvalAltResult::ErrorTerminated(..) => "it takes too long",
        EvalAltResult::ErrorStackOverflow(_) => "calls are nested too deeply",
        EvalAltResult::ErrorDataTooLarge(..) => "a text, list or map grows too large",
        EvalAltResult::ErrorTooManyVariables(_) => "it has too many variables",
        EvalAltResult::ErrorFunctionNotFound(..) => "no such function for these kinds of value",
        EvalAltResult::ErrorVariableNotFound(..) => "no such variable",
        EvalAltResult::ErrorPropertyNotFound(..) => "no such property",
        EvalAltResult::ErrorMismatchDataType(..) | EvalAltResult::ErrorMismatchOutputType(..) => {
            "a value is of the wrong kind"
        }
        EvalAltResult::ErrorArrayBounds(..) | EvalAltResult::ErrorStringBounds(..) => "an index is out of bounds",
        EvalAltResult::ErrorIndexNotFound(..) | EvalAltResult::ErrorIndexingType(..) => "that cannot be indexed",
        EvalAltResult::ErrorArithmetic(..) => "an arithmetic fault",
        EvalAltResult::ErrorDotExpr(..) => "a property of nothing is asked for",
        EvalAltResult::ErrorDataRace(..) => "a value is used within a call on itself; copy it with `let` before",
        EvalAltResult::ErrorFor(_) => "that cannot be iterated over",
        _ => "it does not run",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn run(text: &str) -> Result<Value, ScriptError> {
        // A busy machine must not blow the fuse: these tests are about the other limits.
        Script::compile("test.rhai", text).unwrap().call_within(Duration::from_secs(600), "f", &[])
    }

    fn fault(text: &str) -> &'static str {
        match run(text) {
            Err(ScriptError::Fault { reason, .. }) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn values_go_in_and_come_out_unchanged() {
        let script = Script::compile("t", "fn same(x) { x }").unwrap();
        let value = json!({"a": [1, -2.5, "x", null, true], "b": {"c": ""}});
        assert_eq!(script.call("same", std::slice::from_ref(&value)).unwrap(), value);
        assert_eq!(script.functions(), [("same", 1)]);
    }

    #[test]
    fn private_functions_are_not_offered() {
        let script = Script::compile("t", "fn a(x) { b(x) } private fn b(x) { x + 1 }").unwrap();
        assert_eq!(script.functions(), [("a", 1)]);
        assert_eq!(script.call("a", &[json!(1)]).unwrap(), json!(2));
    }

    #[test]
    fn a_throw_is_a_refusal_with_its_words() {
        assert_eq!(run("fn f() { throw \"no such team\" }"), Err(ScriptError::Refused("no such team".into())));
        assert_eq!(run("fn f() { g() }\nfn g() { throw \"deep\" }"), Err(ScriptError::Refused("deep".into())));
        let long = run("fn f() { let s = \"\"; for i in 0..400 { s += \"x\"; } throw s }");
        assert_eq!(long, Err(ScriptError::Refused("x".repeat(300))));
    }

    #[test]
    fn a_fault_names_function_and_line_and_no_value() {
        let script = Script::compile("t", "fn f(x) {\n  let y = 1;\n  x.nothing + y\n}").unwrap();
        let error = script.call("f", &[json!("secret")]).unwrap_err();
        assert!(matches!(&error, ScriptError::Fault { function, line: 3, .. } if function == "f"), "{error:?}");
        assert!(!error.to_string().contains("secret"));
    }

    #[test]
    fn endless_work_is_stopped() {
        assert_eq!(fault("fn f() { loop { } }"), "it takes too many steps");
        assert_eq!(fault("fn f() { f() }"), "calls are nested too deeply");
    }

    #[test]
    fn the_fuse_stops_what_takes_too_long() {
        let script = Script::compile("t", "fn f() { loop { } }").unwrap();
        let error = script.call_within(Duration::ZERO, "f", &[]).unwrap_err();
        assert!(matches!(error, ScriptError::Fault { reason: "it takes too long", .. }), "{error:?}");
    }

    #[test]
    fn bombs_are_refused() {
        let large = "a text, list or map grows too large";
        assert_eq!(fault("fn f() { let s = \"0123456789\"; loop { s += s; } }"), large);
        assert_eq!(fault("fn f() { let a = [1]; loop { a += a; } }"), large);
        assert_eq!(
            fault("fn f() { let m = #{}; let i = 0; loop { m[`k${i}`] = i; i += 1; } }"),
            "it takes too many steps"
        );
    }

    #[test]
    fn overflow_and_division_by_zero_are_faults() {
        assert_eq!(fault("fn f() { 9223372036854775807 + 1 }"), "an arithmetic fault");
        assert_eq!(fault("fn f() { let a = 1; a / 0 }"), "an arithmetic fault");
    }

    #[test]
    fn there_is_no_clock_no_sleep_no_file_and_no_module() {
        for absent in ["sleep(1)", "timestamp()", "open_file(\"/etc/passwd\")", "rand()"] {
            assert_eq!(
                fault(&format!("fn f() {{ {absent} }}")),
                "no such function for these kinds of value",
                "{absent}"
            );
        }
        for refused in ["import \"x\" as x;", "eval(\"1\")", "print(\"x\")", "debug(1)"] {
            assert!(Script::compile("t", &format!("fn f() {{ {refused} }}")).is_err(), "{refused}");
        }
        assert!(run("fn f() { call(Fn(\"eval\"), \"1 + 1\") }").is_err());
    }

    #[test]
    fn a_value_that_a_call_on_it_uses_is_told_with_the_way_out() {
        let script = Script::compile("t", "fn f(x) { x.l.map(|one| one + x.n) }").unwrap();
        let error = script.call("f", &[json!({"l": [1], "n": 2})]).unwrap_err();
        assert!(
            matches!(error, ScriptError::Fault { reason, .. } if reason.contains("copy it with `let`")),
            "{error:?}"
        );
    }

    #[test]
    fn an_unknown_variable_is_found_at_load() {
        let error = Script::compile("t", "fn f(x) {\n  valeu\n}").unwrap_err();
        assert!(matches!(error, ScriptError::Syntax { line: 2, column: 3, .. }), "{error:?}");
    }

    #[test]
    fn statements_outside_of_functions_never_run() {
        assert_eq!(Script::compile("t", "loop {} fn f() { 1 }").unwrap().call("f", &[]).unwrap(), json!(1));
    }

    #[test]
    fn what_is_no_data_cannot_come_out() {
        assert!(run("fn f() { || 1 }").is_err());
        assert!(run("fn f() { 0.0 / 0.0 }").is_err());
        assert!(Script::compile("t", "fn f(x) { x }").unwrap().call("f", &[json!(u64::MAX)]).is_err());
    }

    #[test]
    fn a_script_can_be_shared_between_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Script>();
    }
}
