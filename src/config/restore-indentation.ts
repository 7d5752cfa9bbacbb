const SECTION = /^(?:model_list|litellm_settings|router_settings|general_settings|environment_variables)\s*:/;
const ENTRY = /^-\s*(?=(?:model_name|litellm_params|model_info)\s*:)/;
const ENTRY_KEY = /^(?:model_name|litellm_params|model_info)\s*:/;
const BLOCK = /^(?:litellm_params|model_info)\s*:/;
/** Never found at column 0 where the indentation is whole. */
const LOST = /^(?:-model_name|litellm_params)\s*:/m;

const IN_SECTION = '  ';
const IN_ENTRY = '    ';
const IN_BLOCK = '      ';

/**
 * Gives a config.yaml that was copied from a page that lost its indentation (as LiteLLM's page on Recraft does) its
 * columns back, by what each key can only belong to. Lines stay lines, so that an error still names the right one.
 * Any other text comes back as it is.
 */
export function restoreIndentation(text: string): { text: string; restored: boolean } {
  if (!LOST.test(text)) return { text, restored: false };
  let indentation = '';
  const lines = text.split(/\r?\n/).map((line) => {
    if (line.trim() === '') return line;
    if (SECTION.test(line)) {
      indentation = IN_SECTION;
      return line;
    }
    const key = line.replace(ENTRY, '');
    if (ENTRY_KEY.test(key)) {
      indentation = BLOCK.test(key) ? IN_BLOCK : IN_ENTRY;
      return (key === line ? IN_ENTRY : `${IN_SECTION}- `) + key;
    }
    return indentation + line;
  });
  return { text: lines.join('\n'), restored: true };
}
