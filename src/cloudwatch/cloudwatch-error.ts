/** The errors of the API by their code in the Query protocol, with their shape in the others. */
const shapes = {
  InternalServiceError: "InternalServiceFault",
  InvalidAction: "UnknownOperationException",
  InvalidNextToken: "InvalidNextToken",
  InvalidParameterCombination: "InvalidParameterCombinationException",
  InvalidParameterValue: "InvalidParameterValueException",
  MalformedInput: "SerializationException",
  MissingParameter: "MissingRequiredParameterException",
  ValidationError: "ValidationError",
} as const;
export type CloudWatchErrorCode = keyof typeof shapes;

/** An error response in the words of the service. */
export class CloudWatchError extends Error {
  readonly code: CloudWatchErrorCode;

  constructor(code: CloudWatchErrorCode, message: string) {
    super(message);
    this.name = "CloudWatchError";
    this.code = code;
  }

  get shape(): string {
    return shapes[this.code];
  }

  get httpStatus(): 400 | 500 {
    return this.code === "InternalServiceError" ? 500 : 400;
  }
}
