//! Files of other programs, from recordings and arrays.

mod arrays;
mod conversions;
mod files;
mod gnz;
mod hostile;
mod judges;
mod miniseed;
mod recordings;
mod units;
