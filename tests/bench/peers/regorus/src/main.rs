//! Regorus, Rego in Rust, in both of its forms: compiled for its virtual machine, and the prepared interpreter.
//!
//! Data and inputs are parsed once; what is timed is setting the input and evaluating data.bench.allow. The machine is reused, as in
//! the crate's own benchmark of hot evaluation.

#[path = "../../contestant.rs"]
mod contestant;

use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{Engine, Rc, Value};

const ENTRY: &str = "data.bench.allow";

fn engine(folder: &str) -> Engine {
    let mut engine = Engine::new();
    engine.add_policy("policy.rego".to_string(), contestant::read(folder, "policy.rego")).expect("a policy");
    engine.add_data(Value::from_json_str(&contestant::read(folder, "data.json")).expect("data")).expect("data");
    engine
}

fn machine(folder: &str) -> RegoVM {
    let entry: Rc<str> = ENTRY.into();
    let compiled = engine(folder).compile_with_entrypoint(&entry).expect("compiled");
    let program = Compiler::compile_from_policy(&compiled, &[ENTRY]).expect("a program");
    let mut machine = RegoVM::new_with_policy(compiled);
    machine.load_program(program);
    machine.set_data(Value::from_json_str(&contestant::read(folder, "data.json")).expect("data")).expect("data");
    machine
}

fn inputs(folder: &str) -> Vec<Value> {
    contestant::read(folder, "rego.jsonl").lines().map(|line| Value::from_json_str(line).expect("an input")).collect()
}

fn main() {
    let folders: Vec<String> = std::env::args().skip(1).collect();
    let wanted: Vec<Vec<bool>> = folders.iter().map(|folder| contestant::expected(folder)).collect();
    let asked: Vec<Vec<Value>> = folders.iter().map(|folder| inputs(folder)).collect();
    let asked_too = asked.clone();
    let mut machines: Vec<RegoVM> = folders.iter().map(|folder| machine(folder)).collect();
    let mut engines: Vec<Engine> = folders.iter().map(|folder| engine(folder)).collect();
    contestant::serve(
        &wanted,
        vec![
            (
                "decide",
                Box::new(move |s, i| {
                    machines[s].set_input(asked[s][i].clone());
                    machines[s].execute_entry_point_by_index(0).expect("a result") == Value::Bool(true)
                }),
            ),
            (
                "interpreter",
                Box::new(move |s, i| {
                    engines[s].set_input(asked_too[s][i].clone());
                    engines[s].eval_rule(ENTRY.to_string()).expect("a result") == Value::Bool(true)
                }),
            ),
        ],
    );
}
