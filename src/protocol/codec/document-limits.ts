/** Most levels of lists, maps and tags in CBOR, whose reader recurses. No operation's input comes near. */
export const documentDepthMax = 64;

/**
 * Most values in a request, those of unknown members included. The model's longest list has 10,000; a value may take one
 * byte in a body and several in memory, so that a body's length alone bounds too little.
 */
export const documentValueCountMax = 65_536;
