// For tests: what is under way in a gateway, by its metrics.

/** Requests that wait for the head of their answer, and requests of targets, those in their answers too. */
export async function readUnderWay(
  metricsUrl: string,
): Promise<readonly [pending: number, ofTargets: number]> {
  const text = await (await fetch(metricsUrl)).text();
  const sum = (name: string) => {
    const lines = [...text.matchAll(new RegExp(`^${name}\\{.*\\} (\\d+)$`, 'gm'))];
    return lines.reduce((total, line) => total + Number(line[1]), 0);
  };
  return [sum('pi_gateway_pending_requests'), sum('pi_gateway_target_requests')];
}
