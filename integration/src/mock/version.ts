/** What the mock's results have as their `version`: nobody takes them for a worker's. */
export const version = '1.0.0-mock';
