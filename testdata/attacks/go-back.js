// Tries: take the page away by going back in its history.
afterLoad(async () => {
  await over("go-back");
  for (const view of [window, top]) for (const go of [() => view.history.back(), () => view.history.go(-1), () => view.navigation.back()]) attempt(go);
});
