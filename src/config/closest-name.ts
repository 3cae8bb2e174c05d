/** From so many characters on a name may have two typing errors, a shorter one has one. */
const twoErrorsLengthMin = 6;

/**
 * The name that a misspelt one probably means: the same but for case and punctuation, or with a typing error or two (a letter
 * added, left out, replaced, or two exchanged), or the only one that begins so.
 */
export function closestName<Name extends string>(given: string, names: readonly Name[]): Name | undefined {
  const plainGiven = plain(given);
  if (plainGiven === "") return undefined;
  const errorsMax = plainGiven.length < twoErrorsLengthMin ? 1 : 2;
  for (let errors = 0; errors <= errorsMax; errors++) {
    const similar = names.find((name) => isWithin(plainGiven, plain(name), errors));
    if (similar !== undefined) return similar;
  }
  const longer = names.filter((name) => plain(name).startsWith(plainGiven));
  return longer.length === 1 ? longer[0] : undefined;
}

function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}

/** Whether so many typing errors make one text of the other. */
function isWithin(one: string, other: string, errors: number): boolean {
  if (Math.abs(one.length - other.length) > errors) return false;
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  const [a, b] = [one.slice(at), other.slice(at)];
  if (a === b) return true;
  if (errors === 0) return false;
  const isExchanged = a[0] === b[1] && a[1] === b[0];
  return (
    isWithin(a.slice(1), b.slice(1), errors - 1) ||
    isWithin(a.slice(1), b, errors - 1) ||
    isWithin(a, b.slice(1), errors - 1) ||
    (isExchanged && isWithin(a.slice(2), b.slice(2), errors - 1))
  );
}
