/**
 * What a test is given that stands in `describe.concurrent`: the parts of a file, each with a DAS of its own, run side by side, the tests
 * of a part one after the other. For parts that mostly wait.
 */
export const IN_TURN = { concurrent: false };
