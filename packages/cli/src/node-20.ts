/**
 * What Node 20 lacks of the language and what is in this package uses: ours, and the Kafka library, which asks for Node 22.
 * Imported before everything else. Newer syntax is written in older one by the build, and an API of Node's that is newer
 * than Node 20 does not compile (tsconfig.json).
 */
Map.groupBy ??= (items, keyOf) => {
  const groups = new Map();
  let index = 0;
  for (const item of items) {
    const key = keyOf(item, index++);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
};

Promise.withResolvers ??= <T>() => {
  const made = {} as PromiseWithResolvers<T>;
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
};
