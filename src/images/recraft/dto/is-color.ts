import { ValidatorConstraint, type ValidatorConstraintInterface } from 'class-validator';

/** A colour as a list: red, green and blue, whole numbers of 0 to 255. */
@ValidatorConstraint({ name: 'isColor' })
export class IsColor implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return Array.isArray(value) && value.length === 3 && value.every(isChannel);
  }

  defaultMessage(): string {
    return 'each colour in $property must be three whole numbers of 0 to 255';
  }
}

function isChannel(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255;
}
