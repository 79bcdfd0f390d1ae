//! Every test of this room from outside, in one program: what it stands on is linked once.

#[allow(dead_code, reason = "the room whose it is uses the rest of it")]
#[path = "../../server/tests/api_house/mod.rs"]
mod api_house;
#[allow(dead_code, reason = "the room whose it is uses the rest of it")]
#[path = "../../connector/tests/authorities/mod.rs"]
mod authorities;
mod command_line;
mod ctrl_c;
#[allow(dead_code, reason = "the room whose it is uses the rest of it")]
#[path = "../../connector/tests/free_radius/mod.rs"]
mod free_radius;
mod leaks;
mod measure_radius;
mod measure_town;
#[allow(dead_code, reason = "the room whose it is uses the rest of it")]
#[path = "../../connector/tests/measured/mod.rs"]
mod measured;
mod measures;
mod register;
mod relaying;
mod reproductions;
#[allow(dead_code, reason = "the room whose it is uses the rest of it")]
#[path = "../../server/tests/review_house/mod.rs"]
mod review_house;
mod seeds;
mod third_linking;
#[allow(dead_code, reason = "the room whose it is uses the rest of it")]
#[path = "../../connector/tests/told/mod.rs"]
mod told;
mod year;
