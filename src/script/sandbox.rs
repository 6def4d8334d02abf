//! What a script may use and how much of it: chosen packages, limits, and a fuse.

use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage, BasicMathPackage,
    BasicStringPackage, LogicPackage, MoreStringPackage, Package,
};
use rhai::{Dynamic, Engine, Module, Shared};
use std::time::{Duration, Instant};

/// No function runs longer. It can only turn a result into an error, so results stay the same everywhere.
pub(super) const FUSE: Duration = Duration::from_millis(50);

const STEPS: u64 = 20_000;
/// The fuse looks at the clock once in so many steps.
const STEPS_BETWEEN_LOOKS: u64 = 64;
const NEVER: [&str; 5] = ["eval", "import", "export", "print", "debug"];

/// The functions every script has, made once per script.
pub(super) struct Sandbox {
    modules: Vec<Shared<Module>>,
}

impl Sandbox {
    pub(super) fn new() -> Sandbox {
        let modules = vec![
            ArithmeticPackage::new().as_shared_module(),
            LogicPackage::new().as_shared_module(),
            BasicMathPackage::new().as_shared_module(),
            BasicStringPackage::new().as_shared_module(),
            MoreStringPackage::new().as_shared_module(),
            BasicArrayPackage::new().as_shared_module(),
            BasicMapPackage::new().as_shared_module(),
            BasicIteratorPackage::new().as_shared_module(),
            BasicFnPackage::new().as_shared_module(),
        ];
        Sandbox { modules }
    }

    /// An engine that compiles: strict, and without the words a script must not have.
    pub(super) fn compiler(&self) -> Engine {
        let mut engine = self.limited();
        engine.set_strict_variables(true);
        for word in NEVER {
            engine.disable_symbol(word);
        }
        engine
    }

    /// An engine for one call, so that no fuse is shared between threads. The modules are shared, so little is made anew.
    pub(super) fn runner(&self, deadline: Instant) -> Engine {
        let mut engine = self.limited();
        engine.on_progress(move |steps| {
            (steps % STEPS_BETWEEN_LOOKS == 0 && Instant::now() >= deadline).then_some(Dynamic::UNIT)
        });
        engine
    }

    fn limited(&self) -> Engine {
        let mut engine = Engine::new_raw();
        for module in &self.modules {
            engine.register_global_module(module.clone());
        }
        engine.set_max_operations(STEPS);
        engine.set_max_call_levels(32);
        engine.set_max_expr_depths(64, 32);
        engine.set_max_variables(200);
        engine.set_max_functions(200);
        engine.set_max_modules(0);
        engine.set_max_string_size(16 * 1024);
        engine.set_max_array_size(1_000);
        engine.set_max_map_size(1_000);
        engine
    }
}
