// How a tester uses a page: with the mouse, or with the keyboard alone.

import assert from "node:assert/strict";

export const mouse = {
  press: (control) => control.click(),
  fill: (field, text) => field.fill(text),
  choose: (option) => option.check(),
};

/** The focus goes where Tab takes it, and must be visible there. */
async function reach(control) {
  const page = control.page();
  const wanted = await control.elementHandle();
  const focused = () => wanted.evaluate((element) => element === document.activeElement);
  // A group of radio buttons is one stop of Tab: the arrows go on inside.
  const grouped = () => wanted.evaluate((element) => element.type === "radio" && document.activeElement?.name === element.name);
  for (let stops = 0; stops < 300; stops += 1) {
    if (await focused()) return assertVisibleFocus(control);
    await page.keyboard.press((await grouped()) ? "ArrowDown" : "Tab");
  }
  assert.fail(`Tab does not reach ${control}`);
}

async function assertVisibleFocus(control) {
  const outline = await control.evaluate((element) => {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
    return (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none";
  });
  assert(outline, `the focus on ${control} cannot be seen`);
}

export const keyboard = {
  async press(control) {
    await control.waitFor();
    await reach(control);
    await control.page().keyboard.press("Enter");
  },
  async fill(field, text) {
    await reach(field);
    await field.page().keyboard.press("ControlOrMeta+A");
    await field.page().keyboard.type(text);
  },
  async choose(option) {
    await reach(option);
    if (!(await option.isChecked())) await option.page().keyboard.press("Space");
  },
};
