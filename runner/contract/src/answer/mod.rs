//! What is taken of an answer.
