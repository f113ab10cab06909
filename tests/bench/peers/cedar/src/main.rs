//! Cedar as its crate gives it: policies, entities (with their closure) and requests are made once, is_authorized is what is timed.

#[path = "../../contestant.rs"]
mod contestant;

use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request};
use std::str::FromStr;

struct Store {
    policies: PolicySet,
    entities: Entities,
    requests: Vec<Request>,
}

fn entity(row: &serde_json::Value, name: &str) -> EntityUid {
    EntityUid::from_str(row[name].as_str().expect("a string")).expect("an entity")
}

fn load(folder: &str) -> Store {
    let policies = PolicySet::from_str(&contestant::read(folder, "policy.cedar")).expect("policies");
    let entities = Entities::from_json_str(&contestant::read(folder, "entities.json"), None).expect("entities");
    let requests = contestant::read(folder, "cedar.jsonl")
        .lines()
        .map(|line| {
            let row: serde_json::Value = serde_json::from_str(line).expect("a request");
            let (principal, action, resource) = (entity(&row, "principal"), entity(&row, "action"), entity(&row, "resource"));
            Request::new(principal, action, resource, Context::empty(), None).expect("a request")
        })
        .collect();
    Store { policies, entities, requests }
}

fn main() {
    let folders: Vec<String> = std::env::args().skip(1).collect();
    let wanted: Vec<Vec<bool>> = folders.iter().map(|folder| contestant::expected(folder)).collect();
    let stores: Vec<Store> = folders.iter().map(|folder| load(folder)).collect();
    let authorizer = Authorizer::new();
    contestant::serve(
        &wanted,
        vec![(
            "decide",
            Box::new(move |s, i| {
                let store = &stores[s];
                authorizer.is_authorized(&store.requests[i], &store.policies, &store.entities).decision() == Decision::Allow
            }),
        )],
    );
}
